import { gradcheck, gradgradcheck } from '@konv/autograd';
import type { Backend, Tensor } from '@konv/core-tensor';
import type { Lab } from '../harness/lab.js';
import { place } from '../harness/place.js';
import { Random } from '../harness/random.js';
import type { Suite } from '../harness/suite.js';
import { type GradientSample, gradientSamples } from './gradient-samples.js';

/** Gradients against central differences, and gradients of gradients, in float64. */
export function gradientTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('gradients by differences', () => {
    if (!lab.has('float64')) {
      suite.skipped('gradcheck and gradgradcheck', 'the backend has no float64, without which differences prove nothing');
      return;
    }
    for (const sample of gradientSamples) {
      for (const backend of lab.modes) {
        suite.it(backend === lab.native ? sample.name : `${sample.name}, decomposed`, () => check(lab, sample, backend));
      }
    }
  });
}

async function check(_lab: Lab, { name, shapes, positive, whole = [], f }: GradientSample, backend: Backend): Promise<void> {
  const random = new Random(name.length * 7919 + shapes.length);
  const inputs = shapes.map((shape, i) => {
    const values = random.distinct(
      shape.reduce((a, b) => a * b, 1),
      0.17 + 0.013 * i,
    );
    // The second input's values lie between the first's, not on them.
    const shifted = values.map((v) => (positive ? Math.abs(v) + 0.4 + 0.011 * i : v + 0.031 * i));
    const x = place(backend.name, 'float64', shape, shifted, i === 0 ? 'plain' : 'transposed');
    x.requiresGrad = true;
    return x;
  });
  const constants = whole.map(({ shape, values }) => place(backend.name, 'int32', shape, values));
  const g = (...x: Tensor[]): Tensor | readonly Tensor[] => f(x, constants);
  await gradcheck(g, inputs);
  await gradgradcheck(g, inputs, { atol: 1e-4 });
}
