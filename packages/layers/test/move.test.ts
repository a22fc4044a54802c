import '@konv/autograd';
import { cpuJs } from '@konv/backend-cpu-js';
import {
  type Backend,
  BackendError,
  getBackend,
  isKonvError,
  memory,
  noGrad,
  Scope,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { Linear, type Module, Sequential } from '../src/index.js';
import { Holder, rejected, tensors, values, withBackend } from './support.js';

class Net extends Holder {
  first = new Linear(2, 2);
  tied = this.first;
  second = new Linear(2, 1);
  declare mean: Tensor;
  declare scratch: Tensor;
  constructor() {
    super();
    this.registerBuffer('mean', tensor([1, 2]));
    this.registerBuffer('scratch', tensor([7], { dtype: 'int32' }), { persistent: false });
    for (const p of this.parameters())
      p.grad = tensor(
        [...values(p)].map((v) => v + 1),
        { shape: p.shape },
      );
  }
}
/** Handles and values of everything that moves. */
const holdings = (m: Module): { handles: (Tensor | null)[]; numbers: number[][]; places: string[] } => {
  const handles = [...m.parameters()].flatMap((p) => [p, p.grad]).concat([...m.buffers()]);
  return { handles, numbers: handles.map((t) => values(t as Tensor)), places: handles.map((t) => (t as Tensor).backend) };
};

/** A backend that fails at its n-th allocation, or when its queue is run. */
function failing(name: string, at: number | 'sync'): Backend {
  const base = cpuJs({ name });
  let left = at === 'sync' ? Number.POSITIVE_INFINITY : at;
  return {
    ...base,
    alloc(request) {
      if (--left === 0) throw new BackendError('alloc', 'expected room, got none');
      return base.alloc(request);
    },
    async sync() {
      if (at === 'sync') throw new BackendError('sync', 'expected the device, got none');
    },
  };
}

describe('module.to', () => {
  it('moves parameters, gradients and buffers, once each; handles, values and kinds stay', async () => {
    await withBackend(cpuJs({ name: 'there' }), async (name) => {
      const net = new Net();
      const before = holdings(net);
      const here = memory().backends['cpu-js'].tensors;
      expect(await net.to(name)).toBe(net);
      const after = holdings(net);
      expect(after.handles).toEqual(before.handles);
      after.handles.forEach((t, i) => expect(t).toBe(before.handles[i]));
      expect(after.numbers).toEqual(before.numbers);
      expect(new Set(after.places)).toEqual(new Set([name]));
      expect(before.handles.length).toBe(10);
      expect(memory().backends[name].tensors).toBe(10);
      expect(memory().backends['cpu-js'].tensors).toBe(here - 10);
      expect(net.scratch.dtype).toBe('int32');
      expect([...net.parameters()].every((p) => p.requiresGrad && p.isLeaf)).toBe(true);
      const x = tensor([[1, 2]], { backend: name });
      scope(() => expect(net.second.forward(net.first.forward(x)).backend).toBe(name));
      await net.to(name);
      await net.to('cpu-js');
      expect(holdings(net).numbers).toEqual(before.numbers);
      x.dispose();
    });
  });
  it.each([[1], [4], [10], ['sync' as const]])('all or nothing: a backend that fails at %s', async (at) => {
    await withBackend(failing('broken', at), async (name) => {
      const net = new Net();
      const before = holdings(net);
      const count = tensors();
      const e = await rejected(net.to(name));
      expect(e.name).toBe('BackendError');
      expect(holdings(net)).toEqual(before);
      expect(tensors()).toBe(count);
      expect(getBackend(name).memory().tensors).toBe(0);
    });
  });
  it('refuses a backend without a dtype before anything is read', async () => {
    const base = cpuJs({ name: 'floats' });
    await withBackend({ ...base, capabilities: { ...base.capabilities, dtypes: ['float32'] } }, async (name) => {
      const net = new Net();
      const e = await rejected(net.to(name));
      expect(e.message).toMatch(/"floats" to hold int32 \(scratch\), got a backend of float32/);
      expect(new Set(holdings(net).places)).toEqual(new Set(['cpu-js']));
    });
  });
  it('refuses a name that is not registered, and a gradient in a graph', async () => {
    expect((await rejected(new Net().to('nowhere'))).message).toMatch(/got "nowhere"/);
    await withBackend(cpuJs({ name: 'there' }), async (name) => {
      const layer = new Linear(2, 1, { bias: false });
      const before = values(layer.weight);
      layer
        .forward(zeros([1, 2]).add(layer.weight))
        .sum()
        .backward(null, { createGraph: true });
      const e = await rejected(layer.to(name));
      expect([e.name, e.message]).toEqual([
        'GradError',
        expect.stringMatching(/the gradient of weight to be outside of a graph.*zeroGrad/),
      ]);
      layer.zeroGrad();
      await layer.to(name);
      expect(values(layer.weight)).toEqual(before);
      layer.dispose();
    });
  });
  it('sees that a parameter changes while it moves', async () => {
    await withBackend(cpuJs({ name: 'there' }), async (name) => {
      const net = new Net();
      const moving = net.to(name);
      noGrad(() => net.second.weight.fill_(3));
      const e = await rejected(moving);
      expect(e.message).toMatch(/\[to\] expected second\.weight to stay as it is while it moves.*await to/);
      expect(values(net.second.weight)).toEqual([3, 3]);
      expect(new Set(holdings(net).places)).toEqual(new Set(['cpu-js']));
      expect(getBackend(name).memory().tensors).toBe(0);
    });
  });
  it('is not undone by a scope that closes meanwhile', async () => {
    await withBackend(cpuJs({ name: 'there' }), async (name) => {
      const net = new Sequential(new Linear(2, 2));
      const s = new Scope();
      const moving = s.run(() => net.to(name));
      s.dispose();
      await moving;
      expect([...net.parameters()].map((p) => [p.backend, values(p).length])).toEqual([
        [name, 4],
        [name, 2],
      ]);
      net.dispose();
    });
  });
});

describe('double and float', () => {
  it('change the float ones in place and back', async () => {
    const net = new Net();
    const before = holdings(net);
    await net.double();
    expect(net.first.weight.dtype).toBe('float64');
    expect(net.first.weight.grad?.dtype).toBe('float64');
    expect([net.mean.dtype, net.scratch.dtype]).toEqual(['float64', 'int32']);
    expect(holdings(net).numbers).toEqual(before.numbers);
    await net.float();
    expect(net.first.weight.dtype).toBe('float32');
    expect(holdings(net)).toEqual(before);
  });
  it('says on which backend they fail', async () => {
    const base = cpuJs({ name: 'single' });
    await withBackend({ ...base, capabilities: { ...base.capabilities, dtypes: ['float32', 'int32', 'bool'] } }, async (name) => {
      const layer = new Linear(2, 2, { backend: name });
      expect((await rejected(layer.double())).message).toMatch(/\[double\] expected "single" to hold float64 \(weight\)/);
      layer.dispose();
    });
  });
});

describe('dispose', () => {
  it('frees parameters, gradients and buffers, and a use afterwards says so', () => {
    const before = tensors();
    const net = new Net();
    expect(tensors()).toBeGreaterThan(before);
    net.dispose();
    expect(tensors()).toBe(before);
    try {
      net.first.forward(zeros([1, 2]));
      expect.fail('expected an error');
    } catch (e) {
      expect(isKonvError(e) && e.name).toBe('DisposedError');
    }
  });
});
