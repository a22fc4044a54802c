import { BackendError, conv2d, fill_, linear, matmul, mul_, noGrad, ones, scope, tensor, zeros } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { tfjs } from '../src/backend/index.js';
import { install, tfjsHolds } from './support.js';

const counts = (): number[] => [process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')];

let before: number[];
beforeAll(async () => {
  before = counts();
  await install();
});

describe('loading', () => {
  it('leaves no listeners for uncaught errors behind', () => {
    expect(counts()).toEqual(before);
  });

  it('keeps listeners that others add meanwhile', async () => {
    const mine = (): void => {};
    const loading = tfjs('wasm', { name: 'again' });
    process.on('unhandledRejection', mine);
    await loading;
    expect(process.listeners('unhandledRejection')).toContain(mine);
    process.removeListener('unhandledRejection', mine);
  });

  it('answers with the reason where it cannot run', async () => {
    expect(await tfjs('webgl')).toEqual({
      name: 'tfjs-webgl',
      unavailable:
        'no TensorFlow.js backend "webgl" is registered here (registered: wasm); import its package first, and see that it runs on this platform',
    });
  });
});

describe('in place', () => {
  it('new weights are seen by kernels that cache packed ones', async () => {
    const x = ones([1, 2, 2, 2]);
    // [1, 1, 1, 1] needs no change of layout, so that tfjs gets the weight's own memory.
    for (const shape of [
      [3, 2, 1, 1],
      [1, 2, 2, 2],
      [3, 2, 2, 1],
    ]) {
      const weight = ones(shape);
      const bias = ones([shape[0]]);
      const first = await conv2d(x, weight, bias).data();
      noGrad(() => [mul_(weight, 2), fill_(bias, 3)]);
      const second = await conv2d(x, weight, bias).data();
      expect([...second]).toEqual([...first].map((v) => (v - 1) * 2 + 3));
    }
    const a = ones([2, 3]);
    const b = ones([3, 4]);
    const row = b.slice([1, 2]);
    expect([...(await matmul(a, b).data())]).toEqual(new Array(8).fill(3));
    noGrad(() => fill_(row, 5));
    expect([...(await matmul(a, b).data())]).toEqual(new Array(8).fill(7));
    expect([...(await linear(a, b.transpose(0, 1)).data())]).toEqual(new Array(8).fill(7));
  });
});

describe('memory', () => {
  it('survives the growth of the heap between its operands', async () => {
    const x = tensor([1, 2, 3]);
    const held = scope(() => {
      for (let i = 1; i <= 8; i++) {
        const large = zeros([i * 2 ** 19]);
        expect(
          large
            .add(x.slice([0, 1]))
            .sum()
            .itemSync(),
        ).toBe(i * 2 ** 19);
      }
      return x.add(1);
    });
    expect([...(await held.data())]).toEqual([2, 3, 4]);
    expect([...(await x.data())]).toEqual([1, 2, 3]);
  });

  it('holds nothing of tfjs but what lives', () => {
    const start = tfjsHolds();
    scope(() => {
      const x = ones([2, 3, 5, 5]);
      const y = conv2d(x, ones([4, 3, 3, 3]), ones([4]), { padding: 1 });
      y.relu()
        .exp()
        .add(1)
        .sub(y.permute([0, 1, 3, 2]))
        .sum([0, 2, 3])
        .softmax(0);
      matmul(ones([2, 3, 4]), ones([2, 5, 4]).transpose(1, 2));
    });
    expect(tfjsHolds()).toBe(start);
  });

  it('refuses what tfjs’s heap cannot hold, and goes on', async () => {
    expect(() => zeros([2 ** 30])).toThrow(BackendError);
    expect(await ones([2]).sum().item()).toBe(2);
  });
});
