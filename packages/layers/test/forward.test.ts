import { inspect } from 'node:util';
import { keep, KonvError, noGrad, Parameter, ShapeError, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Conv2d, Linear, Module, type ModuleCall, ReLU, Sequential, withModuleTrace } from '../src/index.js';
import { thrown, values } from './support.js';

class Twice extends Module {
  calls = 0;
  forward(x: Tensor): Tensor {
    this.calls++;
    return x.mul(2);
  }
}
class TwicePlusOne extends Twice {
  override forward(x: Tensor): Tensor {
    return super.forward(x).add(1);
  }
}
class Deeper extends TwicePlusOne {
  override forward(x: Tensor): Tensor {
    return super.forward(x).add(10);
  }
}
class Inheriting extends TwicePlusOne {}

const one = (): Tensor => tensor([1]);

describe('types', () => {
  it('users narrow forward, and calls keep the narrow type', () => {
    class Mine extends Module {
      weight: Parameter;
      constructor(size: [number, number]) {
        super();
        this.weight = new Parameter(zeros(size));
      }
      forward(x: Tensor) {
        return x.mul(this.weight);
      }
    }
    class Two extends Module {
      forward(a: Tensor, options: { scale: number }): [Tensor, number] {
        return [a, options.scale];
      }
    }
    expectTypeOf(new Mine([1, 1]).forward).returns.toEqualTypeOf<Tensor>();
    expectTypeOf(new Two().forward).returns.toEqualTypeOf<[Tensor, number]>();
    expectTypeOf(new Conv2d(1, 1, 1).forward).parameters.toEqualTypeOf<[Tensor]>();
    const general: Module[] = [new Mine([1, 1]), new Two()];
    expect(values(general[0].forward(one()))).toEqual([0]);
    // @ts-expect-error: the narrow parameters hold
    expect(() => new Mine([1, 1]).forward('x')).toThrow();
  });
});

describe('the wrapped forward', () => {
  it('runs the hooks of a call once, however long the chain of super.forward', () => {
    for (const [m, want] of [
      [new Twice(), 2],
      [new TwicePlusOne(), 3],
      [new Deeper(), 13],
      [new Inheriting(), 3],
    ] as const) {
      const seen: string[] = [];
      const plain = values(m.forward(one()));
      m.registerForwardPreHook(() => void seen.push('pre'));
      m.registerForwardHook(() => void seen.push('post'));
      expect(values(m.forward(one()))).toEqual(plain);
      expect(plain).toEqual([want]);
      expect(seen).toEqual(['pre', 'post']);
      expect(m.calls).toBe(2);
    }
    // A base that was wrapped after its subclass, and one before: both orders were met above; and the base still works.
    expect(values(new Twice().forward(one()))).toEqual([2]);
  });
  it('wraps a class once', () => {
    const first = new Twice().forward;
    expect(new Twice().forward).toBe(first);
    expect(Twice.prototype.forward).toBe(first);
    expect(new Inheriting().forward).toBe(TwicePlusOne.prototype.forward);
    expect(Object.hasOwn(Inheriting.prototype, 'forward')).toBe(false);
    expect(first.length).toBe(1);
  });
  it('hooks see inputs and output, change them, and can be removed, also while they run', () => {
    const m = new Twice();
    const input = one();
    const removePre = m.registerForwardPreHook((module, inputs) => {
      expect(module).toBe(m);
      expect(inputs).toEqual([input]);
      removePre();
      return [tensor([5])];
    });
    const removePost = m.registerForwardHook((_, inputs, output) => {
      expect(values(inputs[0] as Tensor)).toEqual([5]);
      return (output as Tensor).add(100);
    });
    m.registerForwardPreHook((_, inputs) => (inputs[0] as Tensor).mul(1));
    expect(values(m.forward(input))).toEqual([110]);
    removePost();
    removePost();
    expect(values(m.forward(input))).toEqual([2]);
  });
  it('the same hook twice runs twice', () => {
    const m = new Twice();
    const add = (_: Module, __: readonly unknown[], y: unknown): Tensor => (y as Tensor).add(1);
    const remove = m.registerForwardHook(add);
    m.registerForwardHook(add);
    expect(values(m.forward(one()))).toEqual([4]);
    remove();
    expect(values(m.forward(one()))).toEqual([3]);
  });
  it('a module that calls itself runs its hooks at every call', () => {
    class Countdown extends Module {
      forward(n: number): number {
        return n === 0 ? 0 : this.forward(n - 1) + 1;
      }
    }
    const m = new Countdown();
    let calls = 0;
    m.registerForwardHook(() => void calls++);
    expect(m.forward(3)).toBe(3);
    expect(calls).toBe(4);
  });
  it('several inputs pass, in order', () => {
    class Sub extends Module {
      forward(a: Tensor, b: Tensor, by = 1): Tensor {
        return a.sub(b).mul(by);
      }
    }
    expect(values(new Sub().forward(tensor([5]), tensor([3]), 4))).toEqual([8]);
  });
  it('refuses what cannot be hooked or called', () => {
    class Arrow extends Module {
      override forward = (x: Tensor): Tensor => x;
    }
    expect(thrown(() => new Arrow().registerForwardHook(() => {})).message).toMatch(/a method of Arrow, got a property/);
    expect(thrown(() => new Twice().registerForwardHook(1 as never)).message).toMatch(/a function, got number/);
    // @ts-expect-error: the compiler sees it, too
    class Empty extends Module {}
    expect(thrown(() => (new Empty() as Module).forward()).message).toBe(
      'Empty: [forward] expected Empty to define forward, got none; write a method forward(x) { ... }',
    );
  });
  it('initialises at the first call, before the hooks, and again after a failure', () => {
    class Lazy extends Module {
      weight: Parameter | null = null;
      constructor() {
        super();
        this.initializeAtFirstCall(([x]) => {
          if ((x as Tensor).rank !== 1) throw new ShapeError('Lazy', 'expected a vector');
          this.weight = new Parameter(zeros((x as Tensor).shape));
        });
      }
      forward(x: Tensor): Tensor {
        return x.add(this.weight as Parameter);
      }
    }
    const m = new Lazy();
    expect(thrown(() => m.forward(zeros([1, 1]))).message).toBe('Lazy: [Lazy] expected a vector');
    expect(values(m.forward(tensor([1, 2])))).toEqual([1, 2]);
    const made = m.weight;
    m.forward(tensor([1, 2]));
    expect(m.weight).toBe(made);
  });
  it('costs less than 0.3 us without hooks', () => {
    class Nothing extends Module {
      forward(x: number): number {
        return x + 1;
      }
    }
    const m = new Nothing();
    const n = 300_000;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 8; round++) {
      const start = performance.now();
      let x = 0;
      for (let i = 0; i < n; i++) x = m.forward(x);
      best = Math.min(best, ((performance.now() - start) * 1000) / n);
      expect(x).toBe(n);
    }
    expect(best).toBeLessThan(0.3);
  });
});

describe('withModuleTrace', () => {
  it('tells of every call: inner first, with depth and order of entry', () => {
    const net = new Sequential(new Sequential(new ReLU(), new TwicePlusOne()), new ReLU());
    const calls: ModuleCall[] = [];
    const y = withModuleTrace(
      () => net.forward(tensor([-1, 2])),
      (c) => calls.push(c),
    );
    expect(calls.map((c) => [c.module.constructor.name, c.depth, c.index])).toEqual([
      ['ReLU', 2, 2],
      ['TwicePlusOne', 2, 3],
      ['Sequential', 1, 1],
      ['ReLU', 1, 4],
      ['Sequential', 0, 0],
    ]);
    expect(calls[4].output).toBe(y);
    expect(values(calls[0].output as Tensor)).toEqual([0, 2]);
    expect(values(y)).toEqual([1, 5]);
  });
  it('ends with its function, also by an error, and gives way to an inner one', () => {
    const [outer, inner]: [string[], string[]] = [[], []];
    const net = new ReLU();
    const name = (list: string[]) => (c: ModuleCall) => void list.push(c.module.constructor.name);
    withModuleTrace(() => {
      withModuleTrace(() => net.forward(one()), name(inner));
      net.forward(one());
    }, name(outer));
    expect(() => withModuleTrace(() => net.forward('x' as never), name(outer))).toThrow();
    net.forward(one());
    expect([outer, inner]).toEqual([['ReLU'], ['ReLU']]);
  });
});

describe('errors name the failing module once', () => {
  const small = (): Tensor => zeros([8, 1, 28, 28]);
  const features = (): Sequential => new Sequential(new Conv2d(1, 3, 5), new ReLU(), new ReLU(), new Conv2d(5, 16, 5));

  it('by its path from the root', () => {
    class Net extends Module {
      features = features();
      forward(x: Tensor): Tensor {
        return this.features.forward(x);
      }
    }
    const e = thrown(() => new Net().forward(small()));
    expect(e.name).toBe('ShapeError');
    expect(e.message).toBe(
      'features.3 (Conv2d): [conv] expected 5 input channels (weight [16, 5, 5, 5], groups 1), got 3 from input [8, 3, 24, 24]; give the layer 3 input channels, or the input 5',
    );
    expect(e.path).toEqual(['features', '3']);
    expect(e.op).toBe('conv');
    expect(e.stack).toMatch(/^(Shape)?Error: features\.3 \(Conv2d\): \[conv\] expected 5/);
    expect(e.stack?.match(/\[conv\]/g)).toHaveLength(1);
    expect(inspect(e)).toMatch(/^ShapeError: features\.3 \(Conv2d\): \[conv\] expected 5/);
  });
  it('a root by its class', () => {
    const e = thrown(() => new Conv2d(3, 1, 3).forward(small()));
    expect(e.message).toMatch(/^Conv2d: \[conv\] expected 3 input channels/);
    expect(e.path).toEqual([]);
    expect(thrown(() => features().forward(small())).message).toMatch(/^3 \(Conv2d\): \[conv\]/);
  });
  it('the module whose own code fails, not the ones around it', () => {
    class Block extends Module {
      conv = new Conv2d(1, 1, 3);
      forward(x: Tensor): Tensor {
        return this.conv.forward(x).add(zeros([7, 7]));
      }
    }
    class Net extends Module {
      block = new Block();
      forward(x: Tensor): Tensor {
        return this.block.forward(x);
      }
    }
    expect(thrown(() => new Net().forward(small())).message).toMatch(/^block \(Block\): \[add\]/);
  });
  it('through super.forward, a module reached past its parent, and one that nobody holds by name', () => {
    class Base extends Module {
      fc = new Linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.fc.forward(x);
      }
    }
    class Derived extends Base {
      override forward(x: Tensor): Tensor {
        return super.forward(x);
      }
    }
    expect(thrown(() => new Derived().forward(zeros([1, 3]))).message).toMatch(/^fc \(Linear\): \[linear\]/);
    class Skipping extends Module {
      layers = new Sequential(new Sequential(new Linear(2, 2)));
      forward(x: Tensor): Tensor {
        return ((this.layers.at(0) as Sequential).at(0) as Linear).forward(x);
      }
    }
    expect(thrown(() => new Skipping().forward(zeros([1, 3]))).message).toMatch(/^layers\.0\.0 \(Linear\): \[linear\]/);
    class Hiding extends Module {
      readonly #fc = new Derived();
      forward(x: Tensor): Tensor {
        return this.#fc.forward(x);
      }
    }
    expect(thrown(() => new Sequential(new Hiding()).forward(zeros([1, 3]))).message).toMatch(/^0\.\?\.fc \(Linear\): \[linear\]/);
  });
  it("in hooks, and nothing of errors that are not konv's", () => {
    const net = new Sequential(new ReLU());
    const remove = net.at(0).registerForwardHook(() => {
      throw new KonvError('mine', 'expected more');
    });
    expect(thrown(() => net.forward(one())).message).toBe('0 (ReLU): [mine] expected more');
    remove();
    net.at(0).registerForwardHook(() => {
      throw new TypeError('plain');
    });
    expect(() => net.forward(one())).toThrow(new TypeError('plain'));
  });
  it('each of two errors by its own path', () => {
    const net = new Sequential({ a: new Linear(1, 2), b: new Linear(1, 2) });
    const [first, second] = [thrown(() => net.forward(zeros([1, 3]))), thrown(() => net.forward(zeros([1, 1])))];
    expect([first.message.slice(0, 10), second.message.slice(0, 10)]).toEqual(['a (Linear)', 'b (Linear)']);
  });
  it('an error that a module catches and throws on again keeps one label', () => {
    class Retry extends Module {
      fc = new Linear(2, 2);
      forward(x: Tensor): Tensor {
        try {
          return this.fc.forward(x);
        } catch {
          return noGrad(() => this.fc.forward(keep(x)));
        }
      }
    }
    expect(thrown(() => new Sequential({ retry: new Retry() }).forward(zeros([1, 3]))).message).toMatch(
      /^retry\.fc \(Linear\): \[linear\] expected 2/,
    );
  });
});
