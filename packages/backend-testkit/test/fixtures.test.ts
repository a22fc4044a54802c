import { describe, expect, it } from 'vitest';
import { type FixtureTensor, opFixtures, optimFixtures } from '../src/fixtures/index.js';

const size = (t: FixtureTensor) => t.shape.reduce((a, b) => a * b, 1);
const isTensor = (x: unknown): x is FixtureTensor => typeof x === 'object' && x !== null && 'data' in x;

function expectWhole(t: FixtureTensor): void {
  expect(t.data.length).toBe(size(t));
  for (const x of t.data) expect(typeof x === 'number' || ['nan', 'inf', '-inf'].includes(x)).toBe(true);
}

describe.each(opFixtures.map((file) => [file.family, file] as const))('fixtures of %s', (_family, file) => {
  it('say where they are from', () => {
    expect(file.header.torch).toMatch(/^1\.13/);
    expect(file.header.command).toMatch(/^npm run golden -- ops\//);
    expect(file.cases.length).toBeGreaterThan(10);
  });

  it('are whole: every tensor has its numbers, every case its answer, no name stands twice', () => {
    const names = new Set<string>();
    for (const c of file.cases) {
      const name = `${c.op} ${c.name}`;
      expect(names.has(name), name).toBe(false);
      names.add(name);
      const lists = [c.inputs, c.outputs, c.gradOutputs, c.grads, c.gradgradWeights, c.gradgrads, c.gradOutputGrads];
      for (const t of lists.flatMap((list) => list ?? [])) if (isTensor(t)) expectWhole(t);
      expect(c.outputs.length > 0, name).toBe(c.error === undefined);
      if (c.grads) {
        expect(c.grads.length, name).toBe(c.inputs.length);
        expect(c.gradOutputs?.length, name).toBe(c.outputs.length);
        c.inputs.forEach((x, i) => {
          const d = c.grads?.[i];
          if (isTensor(x) && d) expect(d.shape, name).toEqual(x.shape);
        });
      }
    }
  });
});

it('optimizer fixtures have as many parameters as gradients', () => {
  for (const c of optimFixtures.cases) {
    expect(c.parameters.length).toBe(c.grads.length);
    for (const t of [c.parameter, ...c.grads, ...c.parameters, ...Object.values(c.state)]) expectWhole(t);
  }
});
