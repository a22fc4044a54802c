import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { Conv2d, Linear, type Module, Parameter, ReLU, Sequential } from '../src/index.js';
import { build, type Description, Holder, thrown } from './support.js';

interface Case {
  name: string;
  module: Description;
  text: string;
  state: Record<string, number[]>;
  parameters: string[];
  modules: string[];
  parameterCount: number;
}
const cases: Case[] = JSON.parse(readFileSync(new URL('./fixtures/modules.json', import.meta.url), 'utf8')).modules;

describe('modules print, name and count as in PyTorch', () => {
  const missing: string[] = [];
  for (const c of cases) {
    const module = build(c.module);
    if (module === null) {
      missing.push(c.text.replace(/\W.*/s, ''));
      continue;
    }
    it(c.name, () => {
      expect(String(module)).toBe(c.text);
      expect(inspect(module)).toBe(c.text);
      expect(Object.fromEntries(Object.entries(module.stateDict()).map(([k, t]) => [k, t.shape]))).toEqual(c.state);
      expect(Object.keys(module.stateDict())).toEqual(Object.keys(c.state));
      expect([...module.namedParameters()].map(([name]) => name)).toEqual(c.parameters);
      expect([...module.namedModules()].map(([name]) => name)).toEqual(c.modules);
      expect([...module.parameters()].reduce((n, p) => n + p.size, 0)).toBe(c.parameterCount);
    });
  }
  it('covers all of the fixture but what has types that do not exist yet', () => {
    expect(missing).toEqual([]);
  });
});

/** Everything a module can hold, in an order that is not the alphabet's. */
class Zoo extends Holder {
  zeta = new Linear(2, 3);
  w = new Parameter(zeros([2]));
  alpha = new Sequential(new Linear(3, 3), new ReLU());
  declare mean: import('@konv/core-tensor').Tensor;
  declare scratch: import('@konv/core-tensor').Tensor;
  declare later: import('@konv/core-tensor').Tensor | null;
  note = 'not a tensor';
  plain = tensor([1]);
  constructor() {
    super();
    this.registerBuffer('mean', tensor([0]));
    this.registerBuffer('scratch', tensor([0]), { persistent: false });
    this.registerBuffer('later', null);
    (this as Record<string, unknown>)['b'] = new Parameter(zeros([1]));
  }
}

describe('what a module holds', () => {
  it('class fields and assignments count, in the order of definition; buffers follow own parameters', () => {
    const zoo = new Zoo();
    expect(Object.keys(zoo.stateDict())).toEqual(['w', 'b', 'mean', 'zeta.weight', 'zeta.bias', 'alpha.0.weight', 'alpha.0.bias']);
    expect([...zoo.namedBuffers()].map(([n]) => n)).toEqual(['mean', 'scratch']);
    expect([...zoo.namedChildren()].map(([n]) => n)).toEqual(['zeta', 'alpha']);
    expect([...zoo.namedParameters({ recurse: false })].map(([n]) => n)).toEqual(['w', 'b']);
    expect([...zoo.namedParameters({ prefix: 'zoo' })].map(([n]) => n)[2]).toBe('zoo.zeta.weight');
    expect(Object.keys(zoo.stateDict({ prefix: 'p' }))[0]).toBe('p.w');
  });
  it('a buffer that is replaced stays one, and null leaves the state', () => {
    const zoo = new Zoo();
    zoo.later = tensor([5]);
    expect(Object.keys(zoo.stateDict())).toContain('later');
    zoo.later = null;
    expect(Object.keys(zoo.stateDict())).not.toContain('later');
  });
  it('shared modules and parameters come once, and under each key of the state', () => {
    class Tied extends Holder {
      a = new Linear(2, 2, { bias: false });
      b = this.a;
      c = new Linear(2, 2, { bias: false });
      constructor() {
        super();
        this.c.weight = this.a.weight;
      }
    }
    const tied = new Tied();
    expect([...tied.namedParameters()].map(([n]) => n)).toEqual(['a.weight']);
    expect(Object.keys(tied.stateDict())).toEqual(['a.weight', 'b.weight', 'c.weight']);
    expect([...tied.modules()].length).toBe(3);
    expect([...tied.children()].length).toBe(2);
  });
  it('a reference back to the parent neither hangs parameters() nor goes unnoticed in stateDict()', () => {
    class Child extends Holder {
      parent: Module | null = null;
      w = new Parameter(zeros([1]));
    }
    class Parent extends Holder {
      child = new Child();
    }
    const parent = new Parent();
    parent.child.parent = parent;
    expect([...parent.namedParameters()].map(([n]) => n)).toEqual(['child.w']);
    expect(thrown(() => parent.stateDict()).message).toMatch(/Parent within itself at "child.parent"; .*#field/);
  });
  it('modules in a plain array are refused, unless they are held elsewhere as well', () => {
    class Lost extends Holder {
      blocks = [new ReLU(), new Linear(1, 1)];
    }
    expect(thrown(() => [...new Lost().parameters()]).message).toMatch(/Lost\.blocks .*plain array with a ReLU in it.*Sequential/);
    class LostParameter extends Holder {
      list = [new Parameter(zeros([1]))];
    }
    expect(thrown(() => new LostParameter().stateDict()).message).toMatch(/a Parameter in it/);
    class Found extends Holder {
      inner = new Sequential(new Linear(1, 1), new ReLU());
      blocks = [...this.inner];
      sizes = [1, 2];
    }
    expect([...new Found().namedParameters()].map(([n]) => n)).toEqual(['inner.0.weight', 'inner.0.bias']);
  });
  it.each<[string, (m: Module) => void, RegExp]>([
    ['a name with a dot', (m) => m.registerBuffer('a.b', null), /without dots, got "a\.b"/],
    ['an empty name', (m) => m.registerBuffer('', null), /without dots, got ""/],
    ['a taken name', (m) => m.registerBuffer('forward', null), /a free name, got "forward"/],
    ['a Parameter', (m) => m.registerBuffer('p', new Parameter(zeros([1]))), /got a Parameter; .*detach/],
    ['a number', (m) => m.registerBuffer('p', 1 as never), /a tensor or null, got number/],
  ])('registerBuffer refuses %s', (_, fn, message) => {
    expect(thrown(() => fn(new Holder())).message).toMatch(message);
  });
  it('train, eval, requiresGrad_, zeroGrad and apply reach everything', () => {
    const zoo = new Zoo();
    expect(zoo.eval()).toBe(zoo);
    expect([...zoo.modules()].map((m) => m.training)).toEqual([false, false, false, false, false]);
    zoo.alpha.train();
    expect([...zoo.modules()].map((m) => m.training)).toEqual([false, false, true, true, true]);
    expect(thrown(() => zoo.train('yes' as never)).message).toMatch(/true or false, got string/);
    zoo.requiresGrad_(false);
    expect([...zoo.parameters()].some((p) => p.requiresGrad)).toBe(false);
    zoo.requiresGrad_();
    expect([...zoo.parameters()].every((p) => p.requiresGrad)).toBe(true);
    for (const p of zoo.parameters()) p.grad = zeros(p.shape);
    zoo.zeroGrad();
    expect([...zoo.parameters()].every((p) => p.grad === null)).toBe(true);
    const order: string[] = [];
    zoo.apply((m) => order.push(m.constructor.name));
    expect(order).toEqual(['Linear', 'Linear', 'ReLU', 'Sequential', 'Zoo']);
  });
});

describe('Sequential', () => {
  it('has positions, a length, an order and names', () => {
    const [a, b, c] = [new ReLU(), new Linear(1, 1), new ReLU()];
    const s = new Sequential(a, b);
    expect(s.append(c)).toBe(s);
    expect(s.length).toBe(3);
    expect([...s]).toEqual([a, b, c]);
    expect(s.at(0)).toBe(a);
    expect(s.at(-1)).toBe(c);
    expect(String(new Sequential({ act: a, fc: b }))).toBe(
      'Sequential(\n  (act): ReLU()\n  (fc): Linear(in_features=1, out_features=1, bias=True)\n)',
    );
    expect(Object.keys(new Sequential({ fc: b }).stateDict())).toEqual(['fc.weight', 'fc.bias']);
    const many = new Sequential(...Array.from({ length: 12 }, () => new ReLU()));
    expect([...many.namedChildren()].map(([n]) => n)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  });
  it.each<[string, () => unknown, RegExp]>([
    ['an array', () => new Sequential([new ReLU()] as never), /at "0", got an array; spread it/],
    ['a class', () => new Sequential(ReLU as never), /at "0", got a function; .*new for a class/],
    ['null', () => new Sequential(new ReLU(), null as never), /at "1", got null/],
    ['a taken name', () => new Sequential({ forward: new ReLU() }), /a free name, got "forward"/],
    ['a dot', () => new Sequential({ 'a.b': new ReLU() }), /without dots, got "a\.b"/],
    ['a position too far', () => new Sequential(new ReLU()).at(1), /among 1 modules, got 1/],
  ])('refuses %s', (_, fn, message) => {
    expect(thrown(fn).message).toMatch(message);
  });
});

describe('constructors refuse', () => {
  const any = (v: unknown): never => v as never;
  it.each<[string, () => unknown, string, RegExp]>([
    ['no channels', () => new Conv2d(0, 2, 3), 'ShapeError', /\[Conv2d\] expected inChannels .* >= 1, got 0/],
    ['half a channel', () => new Conv2d(1, 2.5, 3), 'ShapeError', /outChannels .* got 2\.5/],
    ['NaN as kernel', () => new Conv2d(1, 2, Number.NaN), 'ShapeError', /kernelSize .* got NaN/],
    ['three kernel sizes in 2-D', () => new Conv2d(1, 2, [3, 3, 3]), 'ShapeError', /or 2 of them, got \[3, 3, 3\]/],
    ['no kernel', () => new Conv2d(1, 2, any(undefined)), 'ShapeError', /kernelSize .* got undefined/],
    ['a stride of 0', () => new Conv2d(1, 2, 3, { stride: 0 }), 'ShapeError', /stride .* >= 1, or 2 of them, got 0/],
    ['a negative stride', () => new Conv2d(1, 2, 3, { stride: [-1, 1] }), 'ShapeError', /stride .* got \[-1, 1\]/],
    ['negative padding', () => new Conv2d(1, 2, 3, { padding: -1 }), 'ShapeError', /padding .* >= 0, .*got -1/],
    ['another padding', () => new Conv2d(1, 2, 3, { padding: any('full') }), 'KonvError', /'same' or 'valid', got 'full'/],
    [
      "'same' with a stride",
      () => new Conv2d(1, 2, 3, { padding: 'same', stride: 2 }),
      'ShapeError',
      /stride 1 for padding 'same', got \(2, 2\)/,
    ],
    [
      'groups that do not divide inChannels',
      () => new Conv2d(3, 4, 3, { groups: 2 }),
      'ShapeError',
      /inChannels to be divisible by groups 2, got 3/,
    ],
    ['groups that do not divide outChannels', () => new Conv2d(4, 5, 3, { groups: 2 }), 'ShapeError', /outChannels to be divisible/],
    ['an unknown paddingMode', () => new Conv2d(1, 2, 3, { paddingMode: any('mirror') }), 'KonvError', /'reflect'.* got 'mirror'/],
    ['a stride by position', () => new Conv2d(1, 2, 3, any(2)), 'KonvError', /an object of options, got 2; write \{ stride: \.\.\. \}/],
    ['a misspelt option', () => new Conv2d(1, 2, 3, any({ pading: 1 })), 'KonvError', /among stride, padding.*got pading/],
    ['snake case', () => new Conv2d(1, 2, 3, any({ padding_mode: 'zeros' })), 'KonvError', /got padding_mode; write paddingMode/],
    ['bias = 1', () => new Linear(1, 2, { bias: any(1) }), 'KonvError', /bias to be true or false, got 1/],
    ['features as text', () => new Linear(any('4'), 2), 'ShapeError', /inFeatures .* got '4'/],
    ['whole-number parameters', () => new Linear(1, 2, { dtype: any('int32') }), 'DTypeError', /a float dtype, got int32/],
    ['an unknown backend', () => new Linear(1, 2, { backend: 'nowhere' }), 'BackendError', /got "nowhere"/],
  ])('%s', (_, fn, name, message) => {
    const e = thrown(fn);
    expect(e.name).toBe(name);
    expect(e.message).toMatch(message);
  });
});
