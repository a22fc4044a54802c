import '@konv/autograd';
import { deferringBackend } from '@konv/backend-testkit';
import { cpuJs } from '@konv/backend-cpu-js';
import { beforeEach, describe, expect, it } from 'vitest';
import * as core from '../src/index.js';
import { arange, type Backend, ones, Parameter, registerBackend, type Tensor, tensor, zeros } from '../src/index.js';
import { freshBackend, live, refusal, values } from './support.js';

let backend = '';
beforeEach(() => {
  backend = freshBackend();
});

describe('reference counts', () => {
  it('views share a storage, which goes with the last of them', () => {
    const base = arange(0, 6, 1, { dtype: 'float32' });
    const view = base.reshape([2, 3]).transpose(0, 1);
    const row = view.select(0, 1);
    base.dispose();
    view.dispose();
    expect([live(backend), values(row)]).toEqual([1, [1, 4]]);
    expect(refusal(() => base.add(1)).name).toBe('DisposedError');
    row.dispose();
    row.dispose();
    // The handle between reshape and transpose is still somebody's.
    expect(live(backend)).toBe(1);
  });

  it.each(['cpu-js', 'deferring'])('a read that was asked for before the end is served (%s)', async (kind) => {
    const name = `reads ${kind} ${backend}`;
    const inner = cpuJs({ name }) as Backend;
    registerBackend(kind === 'cpu-js' ? inner : deferringBackend(inner, name));
    const t = tensor([1, 2, 3], { backend: name });
    const turned = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend: name },
    ).transpose(0, 1);
    const pending = [t.data(), turned.data(), t.add(1).array()] as const;
    t.mul_(100);
    t.dispose();
    turned.dispose();
    const [a, b, c] = await Promise.all(pending);
    expect([Array.from(a), Array.from(b), c]).toEqual([
      [1, 2, 3],
      [1, 3, 2, 4],
      [2, 3, 4],
    ]);
  });

  it('a read that fails rejects once and lets go of the storage', async () => {
    const name = `failing ${backend}`;
    const failing = cpuJs({ name }) as Backend & { read: unknown };
    failing.read = () => Promise.reject(new Error('the device is lost'));
    registerBackend(failing);
    const t = ones([3], { backend: name });
    // Long enough for the read to fail while the event loop turns.
    for (let i = 0; i < 3; i++) {
      await new Promise((r) => setTimeout(r, 17));
      await expect(t.data()).rejects.toThrow('the device is lost');
    }
    failing.read = () => {
      throw new Error('at once');
    };
    await expect(t.item().catch((e) => Promise.reject(e))).rejects.toThrow(/one element/);
    await expect(t.data()).rejects.toThrow('at once');
    t.dispose();
    expect(live(name)).toBe(0);
  });

  it('memory that a write could not fill is given back', async () => {
    const name = `write ${backend}`;
    const failing = cpuJs({ name }) as Backend & { write: unknown };
    registerBackend(failing);
    const here = ones([2]);
    failing.write = () => {
      throw new Error('no room');
    };
    expect(() => tensor([1, 2], { backend: name })).toThrow('no room');
    await expect(here.to(name)).rejects.toThrow('no room');
    expect(live(name)).toBe(0);
  });

  it('a full heap says what is alive, and what is alive goes on', () => {
    const small = freshBackend({ maxTotalBytes: 64 });
    const t = ones([8]);
    const e = refusal(() => zeros([16]));
    expect([e.name, e.message]).toEqual(['BackendError', expect.stringMatching(/holds 1 tensors in 32 bytes; dispose/)]);
    expect(values(t.add_(1))).toEqual(new Array(8).fill(2));
    expect(live(small)).toBe(1);
  });

  it('a Parameter shares a whole tensor and copies a view', () => {
    const t = ones([2, 2]);
    const p = new Parameter(t);
    expect(p.storage).toBe(t.storage);
    t.dispose();
    expect(values(p)).toEqual([1, 1, 1, 1]);
    const base = ones([4]);
    const q = new Parameter(base.slice([0, 2]));
    base.zero_();
    expect([values(q), q.requiresGrad, q.kept, core.isParameter(q), core.isParameter(base)]).toEqual([[1, 1], true, true, true, false]);
    expect(new Parameter(tensor([1], { dtype: 'int32' }), { requiresGrad: false }).requiresGrad).toBe(false);
  });
});

const f = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
const ints = (): Tensor =>
  tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: 'int32' },
  );
const bools = (): Tensor =>
  tensor([
    [true, false, true],
    [false, true, true],
  ]);

/** A result, and with it everything that the op made: after it is freed, the operand alone lives. */
const ops: Record<string, [Tensor | (() => Tensor), (t: Tensor) => Tensor | Tensor[]]> = {
  add: [f, (t) => t.add(1)],
  'add, of two dtypes': [ints, (t) => t.add(0.5)],
  'add, of bools and numbers': [bools, (t) => t.add(1)],
  'div of ints': [ints, (t) => t.div(t)],
  'exp of ints': [ints, (t) => core.exp(t)],
  'floor of ints': [ints, (t) => core.floor(t)],
  'pow of bools': [bools, (t) => t.pow(2)],
  'eq, of two dtypes': [ints, (t) => t.eq(0.5)],
  where: [f, (t) => core.where(t.gt(2), t, 0)],
  'where, of two dtypes': [bools, (t) => core.where(t, t, 0.5)],
  logicalNot: [bools, (t) => core.logicalNot(t)],
  clamp: [f, (t) => t.clamp(2, 4)],
  'clamp of ints by fractions': [ints, (t) => t.clamp(1.5, 4.5)],
  sum: [f, (t) => t.sum()],
  'sum of bools': [bools, (t) => t.sum(0)],
  'sum along': [f, (t) => t.sum(1, true)],
  mean: [f, (t) => t.mean([0])],
  var: [f, (t) => t.var(1)],
  amax: [f, (t) => t.max()],
  'max along': [f, (t) => Object.values(t.max(1))],
  'min along, keepdim': [f, (t) => Object.values(t.min(0, true))],
  argmax: [f, (t) => t.argmax()],
  'argmax along': [f, (t) => t.argmax(1)],
  'reshape of a transposed one': [f, (t) => core.scope(() => t.transpose(0, 1).reshape([6]))],
  unsqueeze: [f, (t) => t.unsqueeze(1)],
  cast: [f, (t) => t.cast('float64')],
  matmul: [f, (t) => core.scope(() => t.matmul(t.transpose(0, 1)))],
  'matmul by a vector': [f, (t) => core.scope(() => t.matmul(t.select(0, 0)))],
  'matmul in a batch': [f, (t) => core.scope(() => t.reshape([2, 1, 3]).matmul(t.reshape([2, 3, 1])))],
  'matmul of two dtypes': [ints, (t) => core.scope(() => t.matmul(ones([3, 2])))],
  cat: [f, (t) => core.cat([t, t], 1)],
  'cat of two dtypes': [ints, (t) => core.scope(() => core.cat([t, ones([1, 3])]))],
  stack: [f, (t) => core.stack([t, t], -1)],
  pad: [f, (t) => core.pad(t, [1, 1], { value: 3 })],
};

describe('each op leaves what it returns, and nothing to the collector', () => {
  for (const graph of [false, true]) {
    it.each(Object.entries(ops))(`${graph ? 'recorded' : 'plain'}: %s`, (_name, [make, run]) => {
      const t = (make as () => Tensor)();
      if (graph && core.isFloat(t.dtype)) t.requiresGrad = true;
      let hidden = 0;
      const out = core.scope(() => {
        const y = run(t);
        return y;
      });
      const results = core.isTensor(out) ? [out] : out;
      for (const y of results) hidden += y.storage === t.storage ? 0 : 1;
      if (!graph) expect(live(backend)).toBe(1 + hidden);
      for (const y of results) y.dispose();
      expect(live(backend)).toBe(1);

      // And outside of every scope, where nothing tidies up behind it. Operands that the case makes go by scope(fn).
      const again = run(t);
      for (const y of core.isTensor(again) ? [again] : again) y.dispose();
      const made = /gt\)?\(|scope/.test(String(run)) ? 1 : 0;
      expect(live(backend)).toBeLessThanOrEqual(1 + made);
      t.dispose();
    });
  }
});

describe('the collector', () => {
  it('a loop that reads yields, and so stays bounded', async () => {
    let peak = 0;
    for (let i = 0; i < 20_000; i++) {
      const t = zeros([1024]).add(i);
      if (i % 100 === 0) await t.slice(0).item();
      peak = Math.max(peak, live(backend));
    }
    expect(peak).toBeLessThan(40_000);
  });
});
