import '@konv/autograd';
import { cpuJs } from '@konv/backend-cpu-js';
import { deferringBackend } from '@konv/backend-testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspect } from 'node:util';
import { debug, Parameter, registerBackend, tensor, zeros } from '../src/index.js';
import { freshBackend, refusal } from './support.js';

let backend = '';
beforeEach(() => {
  backend = freshBackend();
});

describe('reading', () => {
  it('item, data and array, both ways', async () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect([await t.data(), t.dataSync()]).toEqual([Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 2, 3, 4)]);
    expect([await t.array(), t.arraySync()]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect([await tensor([[5]]).item(), tensor(6).itemSync()]).toEqual([5, 6]);
    await expect(t.item()).rejects.toThrow(/^\[item\] expected a tensor with one element, got 4 in shape \[2, 2\]; /);
    expect(await tensor(7).array()).toBe(7);
    expect(await tensor([true, false]).array()).toEqual([true, false]);
    expect(await tensor(true).array()).toBe(true);
    expect(await zeros([2, 0]).array()).toEqual([[], []]);
    expect(zeros([0]).dataSync()).toEqual(new Float32Array(0));
  });

  it('a host array that was read or given is a copy', async () => {
    const source = Float32Array.of(1, 2);
    const t = tensor(source);
    source[0] = 9;
    const [now, later] = [t.dataSync(), t.data()];
    now[1] = 9;
    t.zero_();
    expect([await later, t.dataSync()]).toEqual([Float32Array.of(1, 2), Float32Array.of(0, 0)]);
  });

  it('is an error that names the async form where it cannot be at once', async () => {
    const name = `later ${backend}`;
    registerBackend(deferringBackend(cpuJs({ name: `inner ${name}` }), name));
    const t = tensor([1.5], { backend: name });
    for (const [op, read] of [
      ['dataSync', () => t.dataSync()],
      ['itemSync', () => t.itemSync()],
      ['arraySync', () => t.arraySync()],
    ] as const) {
      const e = refusal(read);
      expect([e.name, e.op]).toEqual(['BackendError', op]);
      expect(e.message).toContain(`use await t.${op.replace('Sync', '')}()`);
    }
    expect(String(t)).toBe(`tensor(shape=[1], dtype=float32, backend=${name})`);
    expect(await t.toText()).toBe('tensor([1.5000])');
  });

  it('reports what is not finite under debug(true)', async () => {
    const t = tensor([1, 0]).log();
    debug(true);
    try {
      await expect(t.data()).rejects.toThrow(/got -Infinity at flat position 1/);
      expect(() => t.dataSync()).toThrow(/debug is on/);
    } finally {
      debug(false);
    }
    expect(Array.from(await t.data())).toEqual([0, Number.NEGATIVE_INFINITY]);
  });

  it('moves to another backend as a leaf of its own', async () => {
    const name = `there ${backend}`;
    registerBackend(cpuJs({ name }));
    const t = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    const moved = await t.to(name);
    expect([moved.backend, moved.requiresGrad, moved.isLeaf, moved.arraySync()]).toEqual([
      name,
      true,
      true,
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(
      await tensor([
        [1, 2],
        [3, 4],
      ])
        .transpose(0, 1)
        .to(name)
        .then((m) => m.arraySync()),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    await expect(t.mul(2).to(name)).rejects.toThrow(/^\[to\] expected a leaf/);
    await expect(t.to('nowhere')).rejects.toThrow(/got "nowhere"/);
    await expect(t.to('float64')).rejects.toThrow(/use cast\('float64'\)/);
  });
});

describe('printing', () => {
  it('is as PyTorch prints', () => {
    expect(
      String(
        tensor([
          [1, 2.5],
          [3, 4],
        ]),
      ),
    ).toBe('tensor([[1.0000, 2.5000],\n        [3.0000, 4.0000]])');
    expect(String(tensor([1, 2], { dtype: 'int32' }))).toBe('tensor([1, 2], dtype=torch.int32)');
    expect(String(tensor([1, 2], { requiresGrad: true }))).toBe('tensor([1., 2.], requires_grad=True)');
    expect(String(tensor([1, 2], { requiresGrad: true }).mul(2))).toBe('tensor([2., 4.], grad_fn=<MulBackward0>)');
    expect(inspect(tensor(3))).toBe('tensor(3.)');
  });

  it('heads a Parameter', async () => {
    const p = new Parameter(tensor([1, 2]));
    const text = 'Parameter containing:\ntensor([1., 2.], requires_grad=True)';
    expect([String(p), await p.toText(), String(p.detach())]).toEqual([text, text, 'tensor([1., 2.])']);
  });

  it('does not throw for what was freed', () => {
    const t = tensor([1, 2]);
    t.dispose();
    expect(String(t)).toBe('tensor(freed by dispose(), shape=[2], dtype=float32)');
  });
});
