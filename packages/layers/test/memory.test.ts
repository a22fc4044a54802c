import '@konv/autograd';
import { memory, noGrad, rand, scope, type Tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { Conv2d, CrossEntropyLoss, Flatten, Identity, Linear, MaxPool2d, Module, ReLU, Sequential, withModuleTrace } from '../src/index.js';
import { tensors, thrown, values } from './support.js';

const lenet = (): Sequential =>
  new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Sequential(new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2)),
    new Flatten(),
    new Linear(400, 120),
    new ReLU(),
    new Identity(),
    new Linear(120, 84),
    new ReLU(),
    new Linear(84, 10),
  );

/** A user's layer that remembers what it saw. */
class Remember extends Module {
  seen: Tensor | null = null;
  forward(x: Tensor): Tensor {
    this.seen = x;
    return x.add(1);
  }
}

describe('Sequential releases what nobody else can see', () => {
  it('without gradients one output is left, outside of every scope', () => {
    const net = lenet();
    const x = rand([2, 1, 28, 28]);
    const before = tensors();
    const y = noGrad(() => net.forward(x));
    expect(tensors()).toBe(before + 1);
    expect(x.disposed).toBe(false);
    const steps = [...net].reduce((t: Tensor, layer) => layer.forward(t), x);
    // By hand every output of a layer is left to the collector.
    expect(tensors()).toBeGreaterThan(before + 10);
    expect(values(y)).toEqual(values(steps));
  });
  it('in a scope, too, and its bytes are those of the output at the end', () => {
    const net = lenet();
    const x = rand([2, 1, 28, 28]);
    const before = memory().bytes;
    scope(() => {
      noGrad(() => net.forward(x));
      expect(memory().bytes).toBe(before + 2 * 10 * 4);
    });
    expect(memory().bytes).toBe(before);
  });
  it('with gradients the tape holds what it needs, and a backward frees it', () => {
    const net = lenet();
    const x = rand([2, 1, 28, 28]);
    const loss = new CrossEntropyLoss();
    const step = (): void =>
      scope(() => {
        const y = net.forward(x);
        loss.forward(y, y.argmax(1)).backward();
      });
    step();
    const before = tensors();
    net.zeroGrad();
    step();
    expect(tensors()).toBe(before);
    expect([...net.parameters()].every((p) => p.grad !== null)).toBe(true);
  });
  it('with gradients only what is saved stays: the outputs of the activations, not of the convolutions', () => {
    const net = new Sequential(new Conv2d(1, 2, 3), new ReLU(), new Conv2d(2, 2, 3), new ReLU());
    const x = rand([1, 1, 8, 8]);
    const before = tensors();
    const y = net.forward(x);
    expect(tensors()).toBe(before + 2);
    y.dispose();
    expect(tensors()).toBe(before);
  });
  it('gradients are those of the same layers called by hand', () => {
    const net = lenet();
    const x = rand([2, 1, 28, 28]);
    net.forward(x).square().sum().backward();
    const got = [...net.parameters()].map((p) => values(p.grad as Tensor));
    net.zeroGrad();
    [...net]
      .reduce((t: Tensor, layer) => layer.forward(t), x)
      .square()
      .sum()
      .backward();
    expect([...net.parameters()].map((p) => values(p.grad as Tensor))).toEqual(got);
  });
  it("an input that passes through is not the Sequential's to free", () => {
    const x = rand([2, 3]);
    expect(new Sequential().forward(x)).toBe(x);
    expect(new Sequential(new Identity(), new Identity()).forward(x)).toBe(x);
    new Sequential(new Identity(), new ReLU(), new Identity(), new ReLU()).forward(x);
    expect(x.disposed).toBe(false);
    const flat = new Sequential(new Flatten(), new ReLU()).forward(x);
    expect([x.disposed, flat.disposed]).toEqual([false, false]);
  });
  it("what a user's layer takes or gives stays", () => {
    const remember = new Remember();
    const net = new Sequential(new ReLU(), remember, new ReLU(), new ReLU());
    const given: Tensor[] = [];
    class Give extends Module {
      forward(x: Tensor): Tensor {
        given.push(x.mul(2));
        return given[0];
      }
    }
    net.append(new Give()).append(new ReLU());
    net.forward(rand([3]));
    expect(values(remember.seen as Tensor).length).toBe(3);
    expect(values(given[0]).length).toBe(3);
  });
  it('what a subclass of a layer, a hook, or a trace sees stays', () => {
    class MyReLU extends ReLU {
      seen: Tensor | null = null;
      override forward(x: Tensor): Tensor {
        this.seen = x;
        return super.forward(x);
      }
    }
    const mine = new MyReLU();
    const hooked = new ReLU();
    const seen: unknown[] = [];
    const remove = hooked.registerForwardHook((_, inputs, output) => void seen.push(inputs[0], output));
    const net = new Sequential(new ReLU(), mine, new ReLU(), hooked, new ReLU());
    net.forward(rand([3]));
    expect((mine.seen as Tensor).disposed).toBe(false);
    expect((seen as Tensor[]).map((t) => t.disposed)).toEqual([false, false]);
    remove();
    seen.length = 0;
    withModuleTrace(
      () => net.forward(rand([3])),
      ({ inputs, output }) => seen.push(inputs[0], output),
    );
    expect(seen.length).toBe(12);
    expect((seen as Tensor[]).every((t) => !t.disposed)).toBe(true);
  });
  it('after an error in the middle nothing is left', () => {
    const net = new Sequential(new ReLU(), new Linear(3, 3), new ReLU(), new Linear(4, 3));
    const x = rand([2, 3]);
    const before = tensors();
    expect(thrown(() => noGrad(() => net.forward(x))).message).toMatch(/^3 \(Linear\)/);
    expect(tensors()).toBe(before);
    expect(x.disposed).toBe(false);
  });
});
