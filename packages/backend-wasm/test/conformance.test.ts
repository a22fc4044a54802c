import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { wasm } from '../src/index.js';

// Every view in Node; a page computes the same.
const views = 'document' in globalThis ? 'in turns' : 'each';

await conformance({ describe, it }, { create: () => wasm({ threads: 2 }), views });
