import { cpuJs } from '@konv/backend-cpu-js';
import { beforeAll, describe, expect, it } from 'vitest';
import * as core from '../src/index.js';
import {
  abi,
  arange,
  cat,
  clamp,
  eye,
  full,
  type KonvErrorName,
  matmul,
  max,
  memory,
  normal,
  ones,
  pad,
  Parameter,
  rand,
  randint,
  randn,
  randperm,
  registerBackend,
  relu_,
  scope,
  stack,
  sum,
  type Tensor,
  tensor,
  uniform,
  where,
  zeros,
} from '../src/index.js';
import { freshBackend, refusal } from './support.js';

/** What JavaScript lets through. */
const wrong = (x: unknown): never => x as never;

let x: Tensor; // float32 [2, 3]
let i: Tensor; // int32 [3]
let b: Tensor; // bool [3]
let s: Tensor; // float32 []
let e: Tensor; // float32 [0, 3]
let other: Tensor; // float32 [3] elsewhere
let freed: Tensor;
let leaf: Tensor;

beforeAll(() => {
  const name = freshBackend();
  registerBackend(cpuJs({ name: 'elsewhere' }));
  x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  i = tensor([1, 2, 3], { dtype: 'int32' });
  b = tensor([true, false, true]);
  s = tensor(7);
  e = zeros([0, 3]);
  other = ones([3], { backend: 'elsewhere' });
  freed = ones([2, 3]);
  freed.dispose();
  leaf = ones([2, 3], { requiresGrad: true });
  expect(name).not.toBe('elsewhere');
});

type Case = [title: string, error: KonvErrorName, op: string, says: RegExp | string, run: () => unknown];
const self: number[] = [];
(self as unknown[]).push(self);

const creation: Case[] = [
  ['a ragged row', 'ShapeError', 'tensor', '2 entries at depth 1, got 1', () => tensor([[1, 2], [3]])],
  ['a row that is a number', 'ShapeError', 'tensor', 'got number', () => tensor([[1, 2], 3])],
  ['a number that is a row', 'ShapeError', 'tensor', 'got an array', () => tensor([1, [2]])],
  ['an array in itself', 'ShapeError', 'tensor', '64 axes', () => tensor(self)],
  ['holes', 'DTypeError', 'tensor', 'got undefined', () => tensor(new Array(3))],
  ['text', 'DTypeError', 'tensor', 'got string', () => tensor(wrong(['1']))],
  ['bare text', 'DTypeError', 'tensor', 'got string', () => tensor(wrong('1'))],
  ['null', 'DTypeError', 'tensor', 'got null', () => tensor(wrong([null]))],
  ['nothing', 'DTypeError', 'tensor', 'got undefined', () => tensor(wrong(undefined))],
  ['bigints', 'DTypeError', 'tensor', 'got bigint', () => tensor(wrong([1n]))],
  ['a bigint array', 'DTypeError', 'tensor', '64-bit', () => tensor(wrong(new BigInt64Array(2)))],
  ['an unsigned bigint array', 'DTypeError', 'tensor', '64-bit', () => tensor(wrong(new BigUint64Array(2)))],
  ['a DataView', 'DTypeError', 'tensor', 'DataView', () => tensor(wrong(new DataView(new ArrayBuffer(8))))],
  ['a typed array in an array', 'DTypeError', 'tensor', 'got object', () => tensor(wrong([new Float32Array(2)]))],
  ['a tensor', 'DTypeError', 'tensor', 'clone()', () => tensor(wrong(x))],
  ['too few values', 'ShapeError', 'tensor', '6 values for shape [2, 3], got 5', () => tensor([1, 2, 3, 4, 5], { shape: [2, 3] })],
  ['NaN as int32', 'DTypeError', 'tensor', 'got NaN at flat position 1', () => tensor([1, Number.NaN], { dtype: 'int32' })],
  ['2^31 as int32', 'DTypeError', 'tensor', 'got 2147483648', () => tensor([2 ** 31], { dtype: 'int32' })],
  ['int64', 'DTypeError', 'tensor', 'got int64', () => tensor([1], { dtype: wrong('int64') })],
  ['a dtype of Object', 'DTypeError', 'tensor', 'got toString', () => tensor([1], { dtype: wrong('toString') })],
  ['requiresGrad on ints', 'DTypeError', 'tensor', 'got int32', () => tensor([1], { dtype: 'int32', requiresGrad: true })],
  ['requiresGrad on bools', 'DTypeError', 'tensor', 'got bool', () => tensor([true], { requiresGrad: true })],
  ['requiresGrad on int zeros', 'DTypeError', 'full', 'got int32', () => zeros([2], { dtype: 'int32', requiresGrad: true })],
  ['requiresGrad on randint', 'DTypeError', 'randint', 'got int32', () => randint(0, 2, [2], { requiresGrad: true })],
  ['a Parameter of ints', 'DTypeError', 'Parameter', 'got int32', () => new Parameter(i)],
  ['a Parameter of nothing', 'DTypeError', 'Parameter', 'got undefined', () => new Parameter(wrong(undefined))],
  ['a Parameter of what was freed', 'DisposedError', 'detach', 'freed by dispose()', () => new Parameter(freed)],
  ['NaN sizes', 'ShapeError', 'full', 'got shape [2, NaN]', () => zeros([2, Number.NaN])],
  ['negative sizes', 'ShapeError', 'full', 'got shape [-1]', () => zeros([-1])],
  ['fractional sizes', 'ShapeError', 'rand', 'got shape [1.5]', () => rand([1.5])],
  ['infinite sizes', 'ShapeError', 'empty', 'got shape [Infinity]', () => core.empty([Number.POSITIVE_INFINITY])],
  ['sizes with holes', 'ShapeError', 'full', 'undefined', () => zeros(new Array(2))],
  ['sizes as text', 'ShapeError', 'full', 'got shape [3]', () => zeros(wrong(['3']))],
  ['a bare size', 'ShapeError', 'full', 'got number 3', () => zeros(wrong(3))],
  ['no shape', 'ShapeError', 'full', 'got undefined', () => zeros(wrong(undefined))],
  ['a typed array as shape', 'ShapeError', 'full', 'got object', () => zeros(wrong(Int32Array.of(2)))],
  ['2^31 elements', 'ShapeError', 'full', 'got 2147483648', () => zeros([2 ** 16, 2 ** 15])],
  ['2^31 random ones', 'ShapeError', 'randn', 'got 2147483648', () => randn([2 ** 31])],
  ['2^62 elements', 'ShapeError', 'full', '2^31 - 1', () => ones([2 ** 31, 2 ** 31])],
  ['a value that is none', 'DTypeError', 'full', 'got string', () => full([2], wrong('1'))],
  ['a boolean value', 'DTypeError', 'full', 'got boolean', () => full([2], wrong(true))],
  ['eye of -1', 'ShapeError', 'eye', '[-1, -1]', () => eye(-1)],
  ['arange without step', 'ShapeError', 'arange', 'step 0', () => arange(0, 5, 0)],
  ['arange to NaN', 'ShapeError', 'arange', 'end NaN', () => arange(Number.NaN)],
  ['arange the other way', 'ShapeError', 'arange', 'start 5, end 0, step 1', () => arange(5, 0)],
  ['arange barely the other way', 'ShapeError', 'arange', 'end -0.5', () => arange(0, -0.5)],
  ['arange with options for an end', 'ShapeError', 'arange', 'finite', () => arange(5, wrong({ dtype: 'float32' }))],
  ['an endless arange', 'ShapeError', 'arange', '2^31 - 1', () => arange(2 ** 31)],
  ['arange past int32', 'DTypeError', 'tensor', 'got 2147483648', () => arange(2 ** 31, 2 ** 31 + 2)],
  ['rand of ints', 'DTypeError', 'rand', 'use randint', () => rand([2], { dtype: 'int32' })],
  ['an empty range', 'ShapeError', 'randint', 'low < high, got 3 and 3', () => randint(3, 3, [2])],
  ['a fractional range', 'ShapeError', 'randint', 'got 0.5 and 3', () => randint(0.5, 3, [2])],
  ['a range past int32', 'KonvError', 'randint', 'high 4294967296', () => randint(0, 2 ** 32, [2])],
  ['randint elsewhere', 'BackendError', 'getBackend', 'got "nowhere"', () => randint(0, 3, [2], { backend: 'nowhere' })],
  ['randperm elsewhere', 'BackendError', 'getBackend', 'got "nowhere"', () => randperm(4, { backend: 'nowhere' })],
  ['randperm of -1', 'ShapeError', 'randperm', '[-1]', () => randperm(-1)],
  ['uniform upside down', 'KonvError', 'uniform', 'low 2, high 1', () => uniform([2], 2, 1)],
  ['a negative deviation', 'KonvError', 'normal', 'got -1', () => normal([2], 0, -1)],
  ['a fractional seed', 'KonvError', 'manualSeed', 'got 0.5', () => core.manualSeed(0.5)],
  ['a state that is none', 'FormatError', 'setState', 'got 3', () => core.setRngState(wrong([1, 2, 3]))],
  ['a backend that is none', 'BackendError', 'getBackend', 'registerBackend', () => zeros([2], { backend: 'nowhere' })],
];

const shapes: Case[] = [
  ['shapes that do not stretch', 'ShapeError', 'add', '[2, 3] and [2]: 3 against 2 at axis -1', () => x.add(ones([2]))],
  ['0 against 3', 'ShapeError', 'mul', '2 against 0 at axis -2', () => x.mul(e)],
  ['2^32 results', 'ShapeError', 'lt', '2^31 - 1', () => zeros([2 ** 16, 1], { dtype: 'bool' }).lt(zeros([1, 2 ** 16], { dtype: 'bool' }))],
  ['another number of elements', 'ShapeError', 'reshape', '6 elements for input [2, 3], got [4, 2]', () => x.reshape([4, 2])],
  ['-1 twice', 'ShapeError', 'reshape', 'only one size may be -1', () => x.reshape([-1, -1])],
  ['-2', 'ShapeError', 'reshape', 'got shape [-2, 3]', () => x.reshape([-2, 3])],
  ['-1 that does not divide', 'ShapeError', 'reshape', '6 is no multiple of 4', () => x.reshape([4, -1])],
  ['-1 beside 0', 'ShapeError', 'reshape', 'anything', () => e.reshape([0, -1])],
  ['a bare size', 'ShapeError', 'reshape', 'got number -1', () => x.reshape(wrong(-1))],
  ['an axis twice', 'ShapeError', 'permute', 'got [0,0]', () => x.permute([0, 0])],
  ['an axis twice, once from the end', 'ShapeError', 'permute', 'got [1,-1]', () => x.permute([1, -1])],
  ['too few axes', 'ShapeError', 'permute', 'each of the 2 axes', () => x.permute([0])],
  ['an axis that is none', 'ShapeError', 'transpose', 'an axis in [-2, 1], got 2', () => x.transpose(0, 2)],
  ['half an axis', 'ShapeError', 'sum', 'got 0.5', () => x.sum(0.5)],
  ['an axis as text', 'ShapeError', 'sum', 'got string', () => x.sum(wrong('0'))],
  ['an axis as text, in a list', 'ShapeError', 'mean', 'got 0', () => x.mean(wrong(['0']))],
  ['the same axis twice', 'ShapeError', 'sum', 'distinct axes, got [1, -1]', () => x.sum([1, -1])],
  ['an axis of a scalar', 'ShapeError', 'sum', 'the tensor is a scalar', () => s.sum(1)],
  ['flatten backwards', 'ShapeError', 'flatten', 'start <= end', () => x.flatten(1, 0)],
  ['unsqueeze too far', 'ShapeError', 'unsqueeze', '[-3, 2], got 3', () => x.unsqueeze(3)],
  ['expand of 3 to 4', 'ShapeError', 'expand', 'got [2,4]', () => x.expand([2, 4])],
  ['expand to fewer axes', 'ShapeError', 'expand', '[2, 3]', () => x.expand([3])],
  ['expand to a new -1', 'ShapeError', 'expand', '[-1, 2, 3]', () => x.expand([-1, 2, 3])],
  ['expand past 2^31', 'ShapeError', 'expand', '2^31 - 1', () => s.expand([2 ** 31])],
  ['an index out of range', 'ShapeError', 'slice', 'an index in [-2, 1] at axis 0, got 2', () => x.slice(2)],
  ['an index out of range below', 'ShapeError', 'slice', 'got -3', () => x.slice(-3)],
  ['half an index', 'ShapeError', 'slice', 'got 0.5', () => x.slice(0.5)],
  ['an index into nothing', 'ShapeError', 'select', 'the axis is empty', () => e.select(0, 0)],
  ['a range for select', 'ShapeError', 'select', 'use slice', () => x.select(0, wrong([0, 1]))],
  ['too many indices', 'ShapeError', 'slice', 'at most 2 indices', () => x.slice(0, 0, 0)],
  ['a negative step', 'ShapeError', 'slice', 'step >= 1 at axis 1, got -1', () => x.slice(null, [2, 0, -1])],
  ['no step', 'ShapeError', 'slice', 'got 0', () => x.slice([0, 2, 0])],
  ['a NaN bound', 'ShapeError', 'slice', 'got NaN', () => x.slice([Number.NaN, 2])],
  ['an index as text', 'ShapeError', 'slice', 'got string', () => x.slice(wrong('0'))],
  ['inner sizes that differ', 'ShapeError', 'matmul', 'got [2, 3] and [2, 3]; the inner sizes 3 and 2', () => x.matmul(x)],
  ['batches that differ', 'ShapeError', 'matmul', '2 against 3', () => ones([2, 2, 3]).matmul(ones([3, 3, 2]))],
  ['a scalar factor', 'ShapeError', 'matmul', 'scalars with mul', () => x.matmul(s)],
  ['a product of 2^32', 'ShapeError', 'matmul', '2^31 - 1', () => zeros([2 ** 16, 1]).matmul(zeros([1, 2 ** 16]))],
  ['sizes that differ elsewhere', 'ShapeError', 'cat', '[2, 3], [0, 2]', () => cat([x, zeros([0, 2])])],
  ['ranks that differ', 'ShapeError', 'cat', '[2, 3], [3]', () => cat([x, i])],
  ['nothing to join', 'ShapeError', 'cat', 'non-empty array', () => cat([])],
  ['scalars to join', 'ShapeError', 'cat', 'scalar', () => cat([s, s])],
  ['a bare tensor to join', 'ShapeError', 'cat', 'got object', () => cat(wrong(x))],
  ['shapes that differ', 'ShapeError', 'stack', '[2, 3], [3]', () => stack([x, i])],
  ['three paddings', 'ShapeError', 'pad', 'got [1,2,3]', () => pad(x, [1, 2, 3])],
  ['padding to 2^31', 'ShapeError', 'pad', '2^31 - 1', () => pad(x, [0, 2 ** 31])],
  ['the greatest of nothing', 'ShapeError', 'max', 'got shape [0, 3]', () => e.max()],
  ['the greatest of nothing along an axis', 'ShapeError', 'max', 'got shape [0, 3]', () => max(e, 0)],
  ['the greatest along no axis', 'ShapeError', 'max', 'got 5', () => x.max(5)],
  ['the least of nothing', 'ShapeError', 'argmax', 'at least one', () => e.argmax(0)],
  ['item of six', 'ShapeError', 'itemSync', 'got 6 in shape [2, 3]', () => x.itemSync()],
];

const dtypes: Case[] = [
  ['bools subtracted', 'DTypeError', 'sub', "cast('int32')", () => b.sub(b)],
  ['bools negated', 'DTypeError', 'neg', 'got bool', () => b.neg()],
  ['bools rectified', 'DTypeError', 'relu_', 'got bool', () => relu_(b)],
  ['the greatest bool', 'DTypeError', 'amax', 'got bool', () => core.amax(b)],
  ['the mean of ints', 'DTypeError', 'mean', "cast('float32')", () => i.mean()],
  ['the variance of ints', 'DTypeError', 'var', 'got int32', () => i.var()],
  ['a negative power of ints', 'DTypeError', 'pow', 'got -1', () => i.pow(-1)],
  ['a number past int32', 'DTypeError', 'add', 'got 2147483648', () => i.add(2 ** 31)],
  ['a comparison past int32', 'DTypeError', 'lt', 'got 1099511627776', () => i.lt(2 ** 40)],
  ['a condition of floats', 'DTypeError', 'where', 'got float32', () => where(x, 1, 0)],
  ['no bounds', 'DTypeError', 'clamp', 'at least one', () => x.clamp()],
  ['a NaN bound', 'DTypeError', 'clamp', 'got NaN', () => clamp(x, Number.NaN)],
  ['a bound that is a tensor', 'DTypeError', 'clamp', 'maximum', () => clamp(x, wrong(s))],
  ['two numbers', 'DTypeError', 'add', 'two numbers', () => core.add(1, 2)],
  ['a cast to nothing', 'DTypeError', 'cast', 'got half', () => x.cast(wrong('half'))],
  ['floats into ints', 'DTypeError', 'add_', 'int32, got float32', () => i.add_(x.select(0, 0))],
  ['fractions into ints', 'DTypeError', 'mul_', 'int32, got float32', () => i.mul_(0.5)],
  ['ints divided in place', 'DTypeError', 'div_', 'int32, got float32', () => i.div_(2)],
  ['ints into bools', 'DTypeError', 'add_', 'bool, got int32', () => b.add_(1)],
  ['bools subtracted in place', 'DTypeError', 'sub_', 'got bool', () => b.sub_(b)],
  ['floats set into ints', 'DTypeError', 'set_', 'got float32', () => i.set_([0], s)],
];

const inPlace: Case[] = [
  ['a result that is larger', 'ShapeError', 'add_', 'own shape [3], got [2, 3]', () => tensor([1, 2, 3]).add_(x)],
  ['a value that does not stretch', 'ShapeError', 'set_', "target's shape [3], got [2]", () => x.set_([0], ones([2]))],
  ['a source that does not stretch', 'ShapeError', 'copy_', 'got [2]', () => x.copy_(ones([2]))],
  ['an expanded tensor', 'ShapeError', 'add_', 'expanded view of shape [4, 3]', () => x.slice([0, 1]).expand([4, 3]).add_(1)],
  ['an expanded tensor filled', 'ShapeError', 'fill_', 'clone()', () => s.expand([2]).fill_(1)],
  ['an expanded tensor set', 'ShapeError', 'set_', 'clone()', () => s.expand([2]).set_([0], 1)],
  ['an expanded tensor copied to', 'ShapeError', 'copy_', 'clone()', () => s.expand([2]).copy_(ones([2]))],
  ['an index that is no array', 'ShapeError', 'set_', 'got number', () => x.set_(wrong(0), 1)],
  ['an index out of range', 'ShapeError', 'set_', 'got 9', () => x.set_([9], 1)],
  ['a value that is no tensor', 'DTypeError', 'set_', 'got an array', () => x.set_([0], wrong([1, 2, 3]))],
  ['no value', 'DTypeError', 'set_', 'got undefined', () => x.set_([0], wrong(undefined))],
  ['a source that is no tensor', 'DTypeError', 'copy_', 'got number', () => x.copy_(wrong(1))],
  ['a filling that is none', 'DTypeError', 'fill_', 'got undefined', () => x.fill_(wrong(undefined))],
  ['an operand that is no tensor', 'DTypeError', 'add_', 'got an array', () => x.add_(wrong([1]))],
  ['a leaf', 'GradError', 'add_', 'noGrad', () => leaf.add_(1)],
  ['a leaf filled', 'GradError', 'zero_', 'noGrad', () => leaf.zero_()],
  ['a leaf set', 'GradError', 'set_', 'noGrad', () => leaf.set_([0], 1)],
  ['a leaf copied to', 'GradError', 'copy_', 'noGrad', () => leaf.copy_(x)],
  ['a view that joins a graph', 'GradError', 'mul_', 'got a view', () => x.slice(null).mul_(leaf)],
];

const backends: Case[] = [
  ['two backends', 'BackendError', 'add', 'and "elsewhere"', () => x.add(other)],
  ['two backends in one list', 'BackendError', 'cat', 'and "elsewhere"', () => cat([i, other])],
  ['two backends in a product', 'BackendError', 'matmul', 'to(...)', () => x.matmul(other)],
  ['two backends in place', 'BackendError', 'add_', 'and "elsewhere"', () => x.add_(other)],
  ['a value from elsewhere', 'BackendError', 'set_', 'got one on "elsewhere"', () => x.set_([0], other)],
  ['a source from elsewhere', 'BackendError', 'copy_', 'got one on "elsewhere"', () => x.copy_(other)],
  ['a product of ints', 'BackendError', 'matmul', /\[matmul\] is not supported on "fresh \d+" for int32/, () => i.matmul(i)],
];

const methods = {
  add: (t: Tensor) => t.add(1),
  relu: (t: Tensor) => t.relu(),
  sum: (t: Tensor) => t.sum(),
  mean: (t: Tensor) => t.mean(),
  var: (t: Tensor) => t.var(),
  max: (t: Tensor) => t.max(),
  argmax: (t: Tensor) => t.argmax(1),
  reshape: (t: Tensor) => t.reshape([6]),
  permute: (t: Tensor) => t.permute([1, 0]),
  transpose: (t: Tensor) => t.transpose(0, 1),
  flatten: (t: Tensor) => t.flatten(),
  squeeze: (t: Tensor) => t.squeeze(),
  unsqueeze: (t: Tensor) => t.unsqueeze(0),
  expand: (t: Tensor) => t.expand([1, 2, 3]),
  slice: (t: Tensor) => t.slice(0),
  select: (t: Tensor) => t.select(0, 0),
  contiguous: (t: Tensor) => t.contiguous(),
  clone: (t: Tensor) => t.clone(),
  detach: (t: Tensor) => t.detach(),
  cast: (t: Tensor) => t.cast('int32'),
  matmul: (t: Tensor) => t.matmul(i),
  clamp: (t: Tensor) => t.clamp(0),
  add_: (t: Tensor) => t.add_(1),
  zero_: (t: Tensor) => t.zero_(),
  set_: (t: Tensor) => t.set_([0], 1),
  copy_: (t: Tensor) => t.copy_(i),
  keep: (t: Tensor) => t.keep(),
  backend: (t: Tensor) => t.backend,
  dataSync: (t: Tensor) => t.dataSync(),
};
const dead: Case[] = [
  ...Object.entries(methods).map(([op, f]): Case => [op, 'DisposedError', op, 'freed by dispose()', () => f(freed)]),
  ['as second operand', 'DisposedError', 'mul', 'freed by dispose()', () => x.mul(freed)],
  ['as second operand, cast', 'DisposedError', 'mul', 'freed by dispose()', () => x.cast('float64').mul(freed)],
  ['as value', 'DisposedError', 'set_', 'freed by dispose()', () => x.set_([], freed)],
  ['as source', 'DisposedError', 'copy_', 'freed by dispose()', () => x.copy_(freed)],
  ['in a list', 'DisposedError', 'stack', 'freed by dispose()', () => stack([x, freed])],
  ['as a model', 'DisposedError', 'zerosLike', 'freed by dispose()', () => core.zerosLike(freed)],
];

const functions = {
  exp: core.exp,
  relu: core.relu,
  sum,
  mean: core.mean,
  var: core.variance,
  max: core.max,
  amin: core.amin,
  argmax: core.argmax,
  cast: (t: Tensor) => core.cast(t, 'int32'),
  clone: core.clone,
  contiguous: core.contiguous,
  detach: core.detach,
  reshape: (t: Tensor) => core.reshape(t, [1]),
  permute: (t: Tensor) => core.permute(t, [0]),
  flatten: core.flatten,
  transpose: (t: Tensor) => core.transpose(t, 0, 1),
  squeeze: core.squeeze,
  slice: (t: Tensor) => core.slice(t, 0),
  unsqueeze: (t: Tensor) => core.unsqueeze(t, 0),
  expand: (t: Tensor) => core.expand(t, [1]),
  clamp: (t: Tensor) => clamp(t, 0),
  select: (t: Tensor) => core.select(t, 0, 0),
  where: (t: Tensor) => where(t, 1, 0),
  matmul: (t: Tensor) => matmul(t, x),
  pad: (t: Tensor) => pad(t, [1, 1]),
  zerosLike: core.zerosLike,
  add: (t: Tensor) => core.add(t, x),
  lt: (t: Tensor) => core.lt(x, t),
  logicalNot: core.logicalNot,
};
const strangers: Case[] = Object.entries(functions).flatMap(([op, f]) =>
  [[1, 2], undefined, null, 'text', { shape: [2], dtype: 'float32' }].map(
    (v): Case => [`${op}(${JSON.stringify(v)})`, 'DTypeError', op, 'wrap it with tensor(...)', () => f(wrong(v))],
  ),
);

const groups = { creation, shapes, dtypes, 'in place': inPlace, backends, 'what was freed': dead, 'what is no tensor': strangers };

describe('bad input: the right class, op, expected, got and remedy; nothing has changed', () => {
  for (const [group, cases] of Object.entries(groups)) {
    it.each(cases)(`${group}: %s`, (_title, name, op, says, run) => {
      const inputs = [x, i, b, s, e, other, leaf];
      const state = () => ({
        memory: memory(),
        versions: inputs.map((t) => t.ref.buffer.version),
        refs: inputs.map((t) => t.storage?.refs),
        values: inputs.map((t) => Array.from(t.dataSync())),
        random: core.getRngState(),
        current: abi.current,
        backends: core.backends(),
        grad: abi.gradEnabled,
        depth: abi.scopes.length,
      });
      const before = state();
      const error = scope(() => refusal(run));
      expect([error.name, error.op]).toEqual([name, op]);
      if (typeof says === 'string') expect(error.message).toContain(says);
      else expect(error.message).toMatch(says);
      expect(state()).toEqual(before);
    });
  }
});

describe('bad input outside of every scope leaves nothing to the collector', () => {
  const all = Object.values(groups).flat();
  // Operands that the case itself makes are its own affair.
  const pure = all.filter(
    ([, , , , run]) => !/\b(ones|zeros|tensor|expand|slice|select|cast)\)?\(/.test(String(run)) || creation.some((c) => c[4] === run),
  );
  it(`${pure.length} cases`, () => {
    expect(pure.length).toBeGreaterThan(150);
    for (const [title, , , , run] of pure) {
      const before = memory();
      expect(run, title).toThrow();
      expect(memory(), title).toEqual(before);
    }
  });
});
