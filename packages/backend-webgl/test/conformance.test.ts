import { conformance, promises } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { webgl } from '../src/index.js';

// Hundreds of expressions come a few times each: op by op they share their programs, which halves the time. What has
// programs of its own is tested by fusion.test.ts, warm-up.test.ts and the twins of PyTorch's trainings.
const create = () => webgl({ fuseAfter: 1000 });

await conformance({ describe, it }, { create, tolerance: promises.webgl, geometry: { runs: rounds(20) }, views: 'in turns' });
