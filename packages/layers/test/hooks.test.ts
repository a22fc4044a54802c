import '@konv/autograd';
import { isKonvError, memory, noGrad, rand, scope, type Tensor, tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown, values } from './support.js';

type Gradients = readonly (Tensor | null)[];
const leaf = (...v: number[]): Tensor => tensor(v, { requiresGrad: true });
const shown = (list: Gradients): (number[] | null)[] => list.map((g) => (g === null ? null : values(g)));

/** a times b, and a plain number. */
class Product extends nn.Module {
  forward(a: Tensor, b: Tensor, factor = 1): Tensor {
    return a.mul(b).mul(factor);
  }
}
class Twins extends nn.Module {
  forward(x: Tensor): Tensor[] {
    return [x.mul(2), x.mul(3)];
  }
}

describe('forward hooks', () => {
  it('run around forward in order of registration, and are removed one by one', () => {
    const order: string[] = [];
    const layer = new nn.ReLU();
    const removers = [
      layer.registerForwardHook(() => void order.push('after 1')),
      layer.registerForwardPreHook(() => void order.push('before 1')),
      layer.registerForwardHook((_, inputs, output) => {
        order.push(`after 2 ${inputs.length}`);
        return (output as Tensor).add(1);
      }),
      layer.registerForwardPreHook((_, [x]) => {
        order.push('before 2');
        return (x as Tensor).mul(-1);
      }),
    ];
    expect(values(layer.forward(tensor([-2, 3])))).toEqual([3, 1]);
    expect(order).toEqual(['before 1', 'before 2', 'after 1', 'after 2 1']);
    for (const remove of removers) remove();
    expect(values(layer.forward(tensor([-2, 3])))).toEqual([0, 3]);
    expect(order.length).toBe(4);
  });
  it('an error in one leaves the layer as it was', () => {
    const layer = new nn.BatchNorm1d(2);
    const remove = layer.registerForwardPreHook(() => {
      throw new RangeError('mine');
    });
    expect(() => layer.forward(rand([3, 2]))).toThrow(RangeError);
    expect(values(layer.num_batches_tracked as Tensor)).toEqual([0]);
    remove();
    layer.forward(rand([3, 2]));
    expect(values(layer.num_batches_tracked as Tensor)).toEqual([1]);
  });
});

describe('registerFullBackwardHook', () => {
  it('gets the gradients of all inputs and outputs of its call', () => {
    const product = new Product();
    const a = leaf(1, 2);
    const b = leaf(3, 4);
    const seen: unknown[] = [];
    product.registerFullBackwardHook((module, gradInput, gradOutput) => {
      seen.push(module === product, shown(gradInput), shown(gradOutput));
    });
    const y = product.forward(a, b, 10);
    // a is used elsewhere as well: that is not the module's.
    y.mul(2).add(a).sum().backward();
    expect(seen).toEqual([true, [[60, 80], [20, 40], null], [[2, 2]]]);
    expect(values(a.grad as Tensor)).toEqual([61, 81]);
    expect(values(b.grad as Tensor)).toEqual([20, 40]);
  });
  it('replaces the gradients of inputs, each hook what the one before gave', () => {
    const product = new Product();
    const a = leaf(1);
    const b = leaf(2);
    product.registerFullBackwardHook((_, [ga, gb]) => [(ga as Tensor).mul(10), gb]);
    const remove = product.registerFullBackwardHook((_, [ga]) => [(ga as Tensor).add(1), null]);
    product.forward(a, b).backward();
    expect(values(a.grad as Tensor)).toEqual([21]);
    expect(b.grad).toBe(null);
    remove();
    a.grad = null;
    product.forward(a, b).backward();
    expect(values(a.grad as unknown as Tensor)).toEqual([20]);
    expect(values(b.grad as unknown as Tensor)).toEqual([1]);
  });
  it('of several outputs, with null where no gradient arrives', () => {
    const twins = new Twins();
    const x = leaf(1);
    const seen: unknown[] = [];
    twins.registerFullBackwardHook((_, gradInput, gradOutput) => void seen.push(shown(gradInput), shown(gradOutput)));
    const [, second] = twins.forward(x);
    second.mul(5).backward();
    expect(seen).toEqual([[[15]], [null, [5]]]);
  });
  it('runs in every layer of a network, from the last to the first, and names them', () => {
    const net = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU(), new nn.Linear(2, 1));
    const order: string[] = [];
    for (const [name, m] of net.namedModules()) {
      m.registerFullBackwardHook((_, gradInput, gradOutput) => {
        order.push(`${name}: ${gradOutput[0]?.shape} -> ${gradInput[0] === null ? null : gradInput[0].shape}`);
      });
    }
    net
      .forward(rand([4, 3]))
      .sum()
      .backward();
    // The first layer's input, which is the network's, requires no grad.
    expect(order).toEqual([': 4,1 -> null', '2: 4,1 -> 4,2', '1: 4,2 -> 4,2', '0: 4,2 -> null']);
    order.length = 0;
    net
      .forward(rand([4, 3], { requiresGrad: true }))
      .sum()
      .backward();
    expect(order).toEqual(['2: 4,1 -> 4,2', '1: 4,2 -> 4,2', '0: 4,2 -> 4,3', ': 4,1 -> 4,3']);
  });
  it('does nothing without recording, and nothing where the input is reached around the output', () => {
    const layer = new nn.ReLU();
    let calls = 0;
    layer.registerFullBackwardHook(() => void calls++);
    noGrad(() => layer.forward(leaf(1)));
    layer.forward(tensor([1]));
    expect(calls).toBe(0);
    const x = leaf(2);
    layer.forward(x).backward();
    expect(calls).toBe(1);
  });
  it('gives what parameters get as before', () => {
    const layer = new nn.Linear(3, 2);
    const x = rand([2, 3]);
    layer.forward(x).square().sum().backward();
    const plain = values(layer.weight.grad as Tensor);
    layer.zeroGrad();
    layer.registerFullBackwardHook(() => {});
    layer.forward(x).square().sum().backward();
    expect(values(layer.weight.grad as Tensor)).toEqual(plain);
  });
  it('refuses results that do not fit, and an error changes no grad', () => {
    const product = new Product();
    const a = leaf(1);
    const b = leaf(2);
    let result: unknown = null;
    product.registerFullBackwardHook(() => result as Gradients);
    const run = (): string => thrown(() => product.forward(a, b).backward()).message;
    result = [tensor([1])];
    expect(run()).toMatch(
      /^\[registerFullBackwardHook\] expected a hook of Product to return nothing or an array of 2 gradients, one an input, got 1/,
    );
    result = tensor([1]);
    expect(run()).toMatch(/got a tensor/);
    result = [tensor([1, 2]), null];
    expect(run()).toMatch(/expected a hook to return a gradient of shape \[1\], got \[2\]/);
    expect(a.grad).toBe(null);
    expect(b.grad).toBe(null);
    const relu = new nn.Linear(1, 1);
    relu.registerFullBackwardHook(() => [tensor([[1]])]);
    expect(thrown(() => relu.forward(tensor([[1]])).backward()).message).toMatch(
      /to return nothing where no input requires grad, got gradients/,
    );
    expect(thrown(() => relu.registerFullBackwardHook(3 as never)).message).toMatch(/expected a function, got number/);
  });
  it('inputs and outputs cannot be changed in place, which would lead gradients another way', () => {
    const layer = new nn.ReLU();
    layer.registerFullBackwardHook(() => {});
    const y = layer.forward(leaf(1, 2));
    try {
      y.mul_(2);
      expect.fail('expected an error');
    } catch (e) {
      expect(isKonvError(e) && e.message).toMatch(/^\[mul_\] expected a whole tensor, got a view/);
    }
  });
  it('leaves nothing behind in a hundred steps', () => {
    const net = new nn.Sequential(new nn.Linear(3, 2), new nn.Tanh(), new nn.Linear(2, 1));
    for (const m of net.modules()) m.registerFullBackwardHook((_, [g]) => (g ? [g.mul(2)] : null));
    const step = (): void =>
      scope(() => {
        net
          .forward(rand([4, 3]))
          .sum()
          .backward();
        net.zeroGrad();
      });
    step();
    const before = memory();
    for (let i = 0; i < 100; i++) step();
    expect(memory()).toEqual(before);
  });
});
