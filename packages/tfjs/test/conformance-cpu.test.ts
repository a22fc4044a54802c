import { createRequire } from 'node:module';
import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { tfjs } from '../src/backend/index.js';

// tfjs's plain JavaScript backend comes with its wasm one, as a dependency of that: looked for from there.
const fromWasm = createRequire(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
fromWasm('@tensorflow/tfjs-backend-cpu');

await conformance({ describe, it }, { create: () => tfjs('cpu'), geometry: { runs: rounds(20) }, views: 'in turns' });
