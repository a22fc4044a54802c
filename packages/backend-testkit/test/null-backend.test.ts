import { grad } from '@konv/autograd';
import {
  type Backend,
  isTensor,
  isFloat,
  manualSeed,
  memory,
  registerBackend,
  scope,
  Scope,
  type Tensor,
  unregisterBackend,
  useBackend,
} from '@konv/core-tensor';
import * as nn from '@konv/layers';
import { accuracy, optim, Trainer } from '@konv/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviationOf, unsupportedTags } from '../src/deviations.js';
import { opFixtures } from '../src/fixtures/index.js';
import type { FixtureInput } from '../src/fixtures/types.js';
import { place } from '../src/harness/place.js';
import { nullBackend, withoutOptional } from '../src/index.js';
import { operations, type Operand } from '../src/operations.js';
import { attrsOf, numbersOf } from '../src/suites/fixture-case.js';

const bare = nullBackend();
const backends: readonly Backend[] = [bare, withoutOptional(nullBackend('null inside'), 'null, decomposed')];
/** These look at values, which a backend without arithmetic does not have. */
const byValue = new Set(['crossEntropy', 'nllLoss', 'gather', 'scatterAdd', 'indexSelect']);

beforeAll(() => {
  for (const b of backends) registerBackend(b);
});
afterAll(() => {
  for (const b of backends) unregisterBackend(b.name);
});

describe.each(backends.map((b) => [b.name, b] as const))('shapes without arithmetic: %s', (name, backend) => {
  it.each(opFixtures.map((f) => [f.family, f] as const))('%s: every fixture has its shapes, dtypes and gradients', (_, file) => {
    useBackend(name);
    const before = backend.memory();
    for (const c of file.cases) {
      if (deviationOf(c.op, c.name) || (c.tags ?? []).some((t) => t in unsupportedTags)) continue;
      if (c.error !== undefined && byValue.has(c.op)) continue;
      const label = `${c.op} "${c.name}"`;
      scope(() => {
        const inputs: Operand[] = c.inputs.map((x) => {
          if (x === null || typeof x === 'number' || typeof x === 'string') return x === null ? null : Number(x);
          const t = place(name, x.dtype, x.shape, numbersOf(x.data));
          if ((x as FixtureInput).grad) t.requiresGrad = true;
          return t;
        });
        const run = (): readonly Tensor[] => {
          const y = operations[c.op](inputs, attrsOf(c));
          return isTensor(y) ? [y] : y;
        };
        if (c.error !== undefined) return expect(run, label).toThrow(/expected/);
        const outputs = run();
        expect(
          outputs.map((y) => [...y.shape]),
          label,
        ).toEqual(c.outputs.map((y) => y.shape));
        expect(
          outputs.map((y) => y.dtype),
          label,
        ).toEqual(c.outputs.map((y) => y.dtype));
        const leaves = inputs.filter((x): x is Tensor => isTensor(x) && x.requiresGrad);
        const through = outputs.filter((y) => isFloat(y.dtype) && y.requiresGrad);
        if (leaves.length === 0 || through.length === 0) return;
        const found = grad(
          through.map((y) => y.sum()),
          leaves,
          { allowUnused: true },
        );
        found.forEach((g, i) => g !== null && expect([[...g.shape], g.dtype], label).toEqual([[...leaves[i].shape], leaves[i].dtype]));
      });
      expect(backend.memory(), label).toEqual(before);
    }
  });

  it('trains a network by Trainer.fit, and leaves nothing behind', async () => {
    useBackend(name);
    manualSeed(1);
    const before = memory();
    const net = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(64, 10),
    );
    for (const optimizer of [new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 }), new optim.Adam(net.parameters())]) {
      const batches = [0, 1, 2].map((): [Tensor, Tensor] => [
        place(name, 'float32', [5, 1, 8, 8], new Float64Array(320)),
        place(name, 'int32', [5], new Int32Array(5)),
      ]);
      const trainer = new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer, metrics: { accuracy } });
      const history = await trainer.fit(batches, { epochs: 2, validation: batches });
      expect(history.losses).toEqual(new Array(6).fill(0));
      optimizer.dispose();
      for (const t of batches.flat()) t.dispose();
    }
    net.zeroGrad();
    net.dispose();
    expect(memory()).toEqual(before);
  });

  it('1 000 steps in scopes leave memory flat', () => {
    useBackend(name);
    const net = new nn.Linear(3, 2);
    const adam = new optim.Adam(net.parameters());
    const x = place(name, 'float32', [4, 3], new Float64Array(12));
    const step = (): void => {
      const s = new Scope('step');
      s.run(() => {
        const loss = (net.forward(x) as Tensor).relu().square().mean();
        adam.zeroGrad();
        loss.backward();
        adam.step();
      });
      s.dispose();
    };
    step();
    const first = memory();
    for (let i = 0; i < 1000; i++) step();
    expect(memory()).toEqual(first);
    adam.dispose();
    net.zeroGrad();
    net.dispose();
    x.dispose();
  });
});
