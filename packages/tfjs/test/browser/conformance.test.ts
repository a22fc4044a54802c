import '@tensorflow/tfjs-backend-webgl';
import { conformance, promises } from '@konv/backend-testkit';
import { env } from '@tensorflow/tfjs-core';
import { it, vi } from 'vitest';
import { soak } from '../../../../tools/soak.js';
import { tfjs } from '../../src/backend/index.js';
import { without } from '../groups.js';

// tfjs compiles a program for nearly every shape, which is what the time goes into: this lets some of them share one.
env().set('WEBGL_USE_SHAPES_UNIFORMS', true);

if (soak) vi.setConfig({ testTimeout: 600_000 });

/** Compositions of what the other groups test, and geometries without number: many minutes. */
const long = [
  'kernels',
  'views and edges',
  'random geometry',
  'any geometry, against naive loops',
  'fixtures',
  'modules',
  'mistakes',
  'optimizers',
];
const describe = without(soak ? [] : [...long, 'gradients by differences', 'training']);

await conformance({ describe, it }, { create: () => tfjs('webgl'), tolerance: promises.webgl, geometry: { runs: 3 }, views: 'in turns' });
