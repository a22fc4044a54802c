import { add, Parameter, Scope, slice, type Tensor, useBackend } from '@konv/core-tensor';
import { trainingFixtures } from '../fixtures/training.js';
import { assert, assertClose, assertEqual, fail } from '../harness/assert.js';
import { expectMemory, type Lab } from '../harness/lab.js';
import { nn } from '../harness/nn.js';
import { Random } from '../harness/random.js';
import type { Suite } from '../harness/suite.js';
import { optimizerFor, smallBatch, smallCnn, train } from './small-cnn.js';

/** Networks: trained to PyTorch's losses, without leaks, written by users, moved from backend to backend. */
export function trainingTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('training', () => {
    for (const run of trainingFixtures.runs.filter((r) => lab.has(r.dtype))) {
      for (const backend of lab.modes) {
        const title = `Trainer.fit by ${run.optimizer} in ${run.dtype}${backend === lab.native ? '' : ', decomposed'}: PyTorch's losses`;
        suite.it(title, async () => {
          useBackend(backend.name);
          const made = await train(run, backend.name);
          const tolerance = lab.tolerance(run.dtype, 'training');
          assertClose('losses', made.losses, run.losses, tolerance);
          assertClose("the convolution's bias afterwards", made.convBias, run.convBias, tolerance);
          assertClose("the last layer's bias afterwards", made.linearBias, run.linearBias, tolerance);
        });
      }
    }
    suite.it('memory stays flat from step to step', () => flat(lab));
    suite.it('a Module of the user, whose output is written slice by slice, trains', () => userModule(lab));
    suite.it('a network moves to another backend and back, and computes the same', () => moves(lab));
    suite.it('a step after a move goes on where the last one stopped', () => movesInTraining(lab));
  });
}

async function flat(lab: Lab): Promise<void> {
  for (const run of trainingFixtures.runs.filter((r) => r.dtype === 'float32')) {
    const net = await smallCnn(run.dtype);
    const optimizer = optimizerFor(run, net);
    const [x, y] = smallBatch(lab.name, run.dtype);
    const loss = new nn.CrossEntropyLoss();
    const step = (): void => {
      const s = new Scope('step');
      s.run(() => {
        const l = loss.forward(net.forward(x), y) as Tensor;
        optimizer.zeroGrad();
        l.backward();
        optimizer.step();
      });
      s.dispose();
    };
    try {
      step();
      await lab.native.sync();
      const first = lab.memory();
      for (let i = 0; i < 5; i++) {
        step();
        expectMemory(`${run.optimizer}, after step ${i + 2}`, first, lab.memory());
      }
      await lab.native.sync();
      expectMemory(`${run.optimizer}, when all is done`, first, lab.memory());
    } finally {
      optimizer.dispose();
      net.zeroGrad();
      net.dispose();
    }
  }
}

/** Cross-correlation as in a textbook: one output element after the other. */
class HandMade extends nn.Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(weight: Tensor, bias: Tensor) {
    super();
    this.weight = new Parameter(weight);
    this.bias = new Parameter(bias);
  }

  override forward(x: Tensor): Tensor {
    const [h, w] = this.weight.shape;
    const y = x
      .detach()
      .slice([0, x.shape[0] - h + 1], [0, x.shape[1] - w + 1])
      .clone()
      .zero_();
    for (let i = 0; i < y.shape[0]; i++) {
      for (let j = 0; j < y.shape[1]; j++)
        y.set_(
          [i, j],
          slice(x, [i, i + h], [j, j + w])
            .mul(this.weight)
            .sum(),
        );
    }
    return add(y, this.bias);
  }
}

async function userModule(lab: Lab): Promise<void> {
  const random = new Random(31);
  const [image, kernel, target] = [random.values(20), random.values(4), random.values(12)];
  const x = lab.tensor(image, [4, 5]);
  const goal = lab.tensor(target, [3, 4]);
  const mine = new HandMade(lab.tensor(kernel, [2, 2]), lab.tensor([0.5], [1]));
  const theirs = new nn.Conv2d(1, 1, 2);
  theirs.loadStateDict({ weight: lab.tensor(kernel, [1, 1, 2, 2]), bias: lab.tensor([0.5], [1]) });
  const pairs: [Parameter, Parameter][] = [
    [mine.weight, theirs.weight],
    [mine.bias, theirs.bias as Parameter],
  ];
  const tolerance = lab.tolerance('float32', 'gradient');
  try {
    let last = Number.POSITIVE_INFINITY;
    for (let epoch = 0; epoch < 3; epoch++) {
      const y = mine.forward(x).sub(goal).square().sum();
      const z = (theirs.forward(x.reshape([1, 1, 4, 5])) as Tensor).sub(goal).square().sum();
      mine.zeroGrad();
      theirs.zeroGrad();
      y.backward();
      z.backward();
      const loss = await y.item();
      assert(loss < last, () => `expected the loss to fall, got ${loss} after ${last}`);
      last = loss;
      for (const [a, b] of pairs) {
        assertClose(`gradient in epoch ${epoch}`, await (a.grad as Tensor).data(), await (b.grad as Tensor).data(), tolerance);
        for (const p of [a, b]) p.detach().sub_((p.grad as Tensor).mul(0.01));
      }
    }
  } finally {
    for (const m of [mine, theirs]) {
      m.zeroGrad();
      m.dispose();
    }
  }
}

async function moves(lab: Lab): Promise<void> {
  const empty = lab.native.memory();
  const net = await smallCnn('float32');
  const forward = async (backend: string): Promise<ArrayLike<number>> => {
    const s = new Scope('forward');
    try {
      return await s.run(() => (net.forward(smallBatch(backend, 'float32')[0]) as Tensor).data());
    } finally {
      s.dispose();
    }
  };
  try {
    const before = [...net.parameters()];
    const first = await forward(lab.name);
    await net.to(lab.reference.name);
    expectMemory('where the network was', empty, lab.native.memory());
    assertClose('on the reference', await forward(lab.reference.name), first, lab.tolerance('float32', 'forward'));
    assert(
      [...net.parameters()].every((p, i) => p === before[i]),
      () => 'expected the same Parameters after a move, got others',
    );
    await expectMixed(() => forward(lab.name));
    await net.to(lab.name);
    assertEqual('back again', await forward(lab.name), first);
  } finally {
    net.dispose();
  }
}

async function expectMixed(f: () => Promise<unknown>): Promise<void> {
  try {
    await f();
  } catch (e) {
    if ((e as Error).name === 'BackendError') return;
    throw e;
  }
  fail('expected a BackendError for an input on the backend that the network has left, got none');
}

async function movesInTraining(lab: Lab): Promise<void> {
  for (const run of trainingFixtures.runs.filter((r) => r.dtype === 'float32')) {
    const net = await smallCnn('float32');
    const optimizer = optimizerFor(run, net);
    try {
      const losses: number[] = [];
      for (let i = 0; i < run.losses.length; i++) {
        const { name } = i % 2 === 0 ? lab.native : lab.reference;
        await net.to(name);
        await optimizer.to(name);
        const [x, y] = smallBatch(name, 'float32');
        const loss = new nn.CrossEntropyLoss().forward(net.forward(x), y) as Tensor;
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        losses.push(await loss.item());
      }
      assertClose(`losses by ${run.optimizer}, each step on another backend`, losses, run.losses, lab.tolerance('float32', 'training'));
    } finally {
      optimizer.dispose();
      net.zeroGrad();
      net.dispose();
    }
  }
}
