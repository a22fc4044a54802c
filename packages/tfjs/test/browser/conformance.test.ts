import '@tensorflow/tfjs-backend-webgl';
import { conformance, promises } from '@konv/backend-testkit';
import { env } from '@tensorflow/tfjs-core';
import { describe, inject, it } from 'vitest';
import { tfjs } from '../../src/backend/index.js';

// tfjs compiles a program for every shape, which is what nearly all of the time goes into: this lets some of them share one.
env().set('WEBGL_USE_SHAPES_UNIFORMS', true);

/** Groups of compositions of what the other groups test, and of geometries without number. */
const long: ReadonlySet<string> = new Set([
  ...['views and edges', 'random geometry', 'any geometry, against naive loops', 'fixtures', 'modules', 'optimizers'],
  ...['gradients by differences', 'training'],
]);
const some = (title: string, body: () => void): void => {
  if (inject('soak') || !long.has(title)) describe(title, body);
};

await conformance(
  { describe: some, it },
  { create: () => tfjs('webgl'), tolerance: promises.webgl, geometry: { runs: 3 }, views: 'in turns' },
);
