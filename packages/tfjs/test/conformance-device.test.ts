import { conformance } from '@konv/backend-testkit';
import { it } from 'vitest';
import { soak } from '../../../tools/soak.js';
import { tfjs } from '../src/backend/index.js';
import { registerDeviceLike } from './device-like.js';
import { without } from './groups.js';

registerDeviceLike('device-like');

// What is left out is made of what is not, and runs on the two other kinds of memory.
const describe = without(soak ? [] : ['modules', 'random geometry', 'mistakes']);

await conformance({ describe, it }, { create: () => tfjs('device-like'), geometry: { runs: soak ? 20 : 5 }, views: 'in turns' });
