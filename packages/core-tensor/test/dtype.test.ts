import { beforeAll, describe, expect, it } from 'vitest';
import * as core from '../src/index.js';
import {
  arange,
  commonDType,
  type DType,
  dtypes,
  eye,
  full,
  Generator,
  getRngState,
  manualSeed,
  matmul,
  ones,
  onesLike,
  promote,
  rand,
  randint,
  randn,
  randperm,
  setRngState,
  tensor,
  type Tensor,
  zeros,
  zerosLike,
} from '../src/index.js';
import { freshBackend, values } from './support.js';

beforeAll(() => {
  freshBackend();
});

const one = (dtype: DType, shape: number[] = [2]): Tensor => ones(shape, { dtype });

describe('promotion', () => {
  it('bool < int32 < float32 < float64 between tensors of one kind of rank', () => {
    dtypes.forEach((a, i) => {
      dtypes.forEach((b, j) => {
        const greater = dtypes[Math.max(i, j)];
        expect(promote(a, b)).toBe(greater);
        for (const shape of [[2], []]) {
          expect(one(a, shape).add(one(b, shape)).dtype, `${a} + ${b}`).toBe(greater);
          expect(one(a, shape).lt(one(b, shape)).dtype).toBe('bool');
        }
        expect(one(a).div(one(b)).dtype).toBe(i < 2 && j < 2 ? 'float32' : greater);
        expect(core.where(ones([2], { dtype: 'bool' }), one(a), one(b)).dtype).toBe(greater);
        expect(core.cat([one(a), one(b)]).dtype).toBe(greater);
      });
    });
  });

  // PyTorch: a scalar tensor widens only a tensor of a lower kind (bool, whole, float).
  it.each([
    ['float32', 'float64', 'float32'],
    ['float64', 'float32', 'float64'],
    ['int32', 'float64', 'float64'],
    ['int32', 'float32', 'float32'],
    ['bool', 'int32', 'int32'],
    ['int32', 'bool', 'int32'],
    ['float32', 'int32', 'float32'],
  ] as const)('%s [2] with %s [] is %s', (a, b, expected) => {
    expect(commonDType('x', one(a), one(b, []))).toBe(expected);
    expect(one(b, []).mul(one(a)).dtype).toBe(expected);
  });

  it.each([
    ['bool', 1, 'int32'],
    ['bool', 0.5, 'float32'],
    ['int32', 2, 'int32'],
    ['int32', 0.5, 'float32'],
    ['int32', Number.POSITIVE_INFINITY, 'float32'],
    ['float32', 0.1, 'float32'],
    ['float64', 2, 'float64'],
  ] as const)('%s with the number %s is %s', (dtype, x, expected) => {
    expect(one(dtype).add(x).dtype).toBe(expected);
    expect(core.mul(x, one(dtype)).dtype).toBe(expected);
  });

  it('whole numbers stay whole where they can', () => {
    const i = tensor([-3, 2], { dtype: 'int32' });
    for (const y of [i.neg(), i.abs(), i.square(), i.relu(), core.sign(i), core.floor(i), core.ceil(i), i.pow(2), i.sum(), i.max()])
      expect(y.dtype).toBe('int32');
    for (const y of [i.exp(), i.sqrt(), i.tanh(), i.sigmoid(), i.div(2), core.reciprocal(i)]) expect(y.dtype).toBe('float32');
    const b = tensor([true, false, true]);
    expect([b.sum().dtype, b.sum().itemSync(), b.add(b).dtype, b.mul(b).dtype]).toEqual(['int32', 2, 'bool', 'bool']);
    expect(values(tensor([2 ** 31 - 1], { dtype: 'int32' }).add(1))).toEqual([-(2 ** 31)]);
    expect(values(tensor([1, 2], { dtype: 'int32' }).lt(Number.POSITIVE_INFINITY))).toEqual([1, 1]);
  });
});

describe('cast', () => {
  it.each([
    ['float32', 'int32', [1.9, -1.9, 0], [1, -1, 0]],
    ['float32', 'bool', [0.1, Number.NaN, -0], [1, 1, 0]],
    ['int32', 'bool', [0, -1, 5], [0, 1, 1]],
    ['bool', 'float64', [1, 0, 1], [1, 0, 1]],
    ['float64', 'float32', [0.1, 2, 3], [Math.fround(0.1), 2, 3]],
  ] as const)('%s to %s', (from, to, given, expected) => {
    const x = tensor(given, { dtype: from });
    expect([x.cast(to).dtype, values(x.cast(to))]).toEqual([to, expected]);
    expect(x.cast(from)).toBe(x);
  });
});

describe('scalars take the axes 0 and -1, as in PyTorch', () => {
  it.each([0, -1, [0], [-1]])('%j', (axis) => {
    const s = tensor(5);
    expect([s.sum(axis), s.mean(axis), core.amax(s, axis), s.squeeze(axis)].map((t) => [t.shape, t.itemSync()])).toEqual(
      new Array(4).fill([[], 5]),
    );
    const { values: v, indices } = s.max(typeof axis === 'number' ? axis : axis[0]);
    expect([v.itemSync(), indices.itemSync(), indices.shape]).toEqual([5, 0, []]);
  });
});

describe('matmul, sizes of 0 and 1', () => {
  it.each([
    [
      [0, 2, 3],
      [3, 4],
      [0, 2, 4],
    ],
    [
      [2, 3],
      [0, 3, 4],
      [0, 2, 4],
    ],
    [
      [1, 2, 3],
      [0, 3, 4],
      [0, 2, 4],
    ],
    [
      [2, 0],
      [0, 3],
      [2, 3],
    ],
    [[3], [3], []],
    [[3], [2, 3, 4], [2, 4]],
    [[2, 5, 3], [3], [2, 5]],
    [
      [2, 1, 5, 3],
      [4, 3, 2],
      [2, 4, 5, 2],
    ],
    [
      [2, 3],
      [1, 1, 3, 4],
      [1, 1, 2, 4],
    ],
    [[0], [0], []],
  ])('%j by %j is %j', (a, b, expected) => {
    const y = matmul(ones(a), ones(b));
    expect(y.shape).toEqual(expected);
    expect(values(y)).toEqual(new Array(y.size).fill(a[a.length - 1]));
  });

  it('cat of empty tensors adds their sizes', () => {
    expect(core.cat([zeros([0, 2]), zeros([0, 3])], 1).shape).toEqual([0, 5]);
    expect(core.cat([zeros([0, 2]), ones([1, 2])]).shape).toEqual([1, 2]);
  });
});

describe('creation', () => {
  it.each([
    ['a number', () => tensor(2), [], 'float32', [2]],
    ['nested numbers', () => tensor([[1], [2]]), [2, 1], 'float32', [1, 2]],
    ['booleans', () => tensor([true, false]), [2], 'bool', [1, 0]],
    ['booleans and numbers', () => tensor([true, 2]), [2], 'float32', [1, 2]],
    ['nothing', () => tensor([]), [0], 'float32', []],
    ['nothing, nested', () => tensor([[], []]), [2, 0], 'float32', []],
    ['a Float64Array', () => tensor(Float64Array.of(1, 2)), [2], 'float64', [1, 2]],
    ['a Uint8Array with a shape', () => tensor(Uint8Array.of(1, 255), { shape: [2, 1] }), [2, 1], 'int32', [1, 255]],
    ['fractions as int32', () => tensor([1.7, -1.7], { dtype: 'int32' }), [2], 'int32', [1, -1]],
    ['numbers as bool', () => tensor([0, 3], { dtype: 'bool' }), [2], 'bool', [0, 1]],
    ['zeros', () => zeros([2]), [2], 'float32', [0, 0]],
    ['full', () => full([1, 2], 7, { dtype: 'float64' }), [1, 2], 'float64', [7, 7]],
    ['full of truth', () => full([2], 2, { dtype: 'bool' }), [2], 'bool', [1, 1]],
    ['eye', () => eye(2, 3), [2, 3], 'float32', [1, 0, 0, 0, 1, 0]],
    ['eye of 0', () => eye(0), [0, 0], 'float32', []],
    ['arange', () => arange(3), [3], 'int32', [0, 1, 2]],
    ['arange down', () => arange(5, 0, -2), [3], 'int32', [5, 3, 1]],
    ['arange of fractions', () => arange(0, 1, 0.25), [4], 'float32', [0, 0.25, 0.5, 0.75]],
    ['arange of nothing', () => arange(2, 2), [0], 'int32', []],
    ['zerosLike', () => zerosLike(tensor([[true]])), [1, 1], 'bool', [0]],
    ['onesLike', () => onesLike(tensor([3], { dtype: 'int32' })), [1], 'int32', [1]],
  ] as const)('%s', (_name, make, shape, dtype, expected) => {
    const t = make();
    expect([t.shape, t.dtype, values(t), t.requiresGrad, t.isLeaf, t.isContiguous, t.rank, t.size]).toEqual([
      shape,
      dtype,
      expected,
      false,
      true,
      true,
      shape.length,
      expected.length,
    ]);
  });

  it('shapes cannot be changed from outside', () => {
    const shape = [2, 3];
    const t = zeros(shape);
    shape[0] = 9;
    expect(t.shape).toEqual([2, 3]);
    expect(() => (t.shape as number[]).push(1)).toThrow(TypeError);
  });

  it('the numbers of PyTorch after manual_seed(0), by the global generator or one of your own', () => {
    manualSeed(0);
    const state = getRngState();
    const first = values(rand([3]));
    expect(first.map((v) => v.toFixed(4))).toEqual(['0.4963', '0.7682', '0.0885']);
    setRngState(state);
    expect(values(rand([3]))).toEqual(first);
    const before = getRngState();
    expect(values(rand([3], { generator: new Generator(0) }))).toEqual(first);
    for (const make of [randn, rand] as const) make([4], { generator: new Generator(1), requiresGrad: true });
    randint(0, 5, [3], { generator: new Generator(1) });
    expect(values(randperm(5, { generator: new Generator(1) })).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(getRngState()).toEqual(before);
    expect(rand([2], { dtype: 'float64', requiresGrad: true })).toMatchObject({ dtype: 'float64', requiresGrad: true });
  });
});
