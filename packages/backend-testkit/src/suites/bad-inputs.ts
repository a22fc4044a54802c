import {
  add,
  add_,
  argmax,
  avgPool2d,
  batchNorm,
  type Backend,
  cat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose2d,
  crossEntropy,
  div_,
  expand,
  flatten,
  full,
  gather,
  getBackend,
  interpolate,
  type KonvErrorName,
  linear,
  log,
  logSoftmax,
  matmul,
  max,
  maxPool2d,
  mean,
  mseLoss,
  mul_,
  neg,
  permute,
  pow,
  registerBackend,
  relu,
  reshape,
  scatterAdd,
  scope,
  select,
  set_,
  sgdStep,
  slice,
  softmax,
  sort,
  sqrt,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
  unregisterBackend,
  useBackend,
  where,
  zeros,
} from '@konv/core-tensor';
import { grad } from '@konv/autograd';
import { nn } from '../harness/nn.js';

/** What a bad input may use: tensors on the backend at hand, and another backend. */
export interface Bench {
  readonly backend: Backend;
  readonly other: Backend;
  /** A float32 tensor of that shape: 0, 1, 2, ... */
  x(...shape: number[]): Tensor;
  ints(values: number[], shape?: number[]): Tensor;
  bools(values: number[]): Tensor;
  leaf(...shape: number[]): Tensor;
  elsewhere(...shape: number[]): Tensor;
}

export interface BadInput {
  readonly title: string;
  readonly error: KonvErrorName;
  /** Part of the message: what was got. */
  readonly says: string | RegExp;
  /** The error depends on values: only where they can be read at once. */
  readonly values?: true;
  readonly run: (b: Bench) => unknown;
}

const bad = (error: KonvErrorName, title: string, says: string | RegExp, run: (b: Bench) => unknown, values?: true): BadInput => ({
  title,
  error,
  says,
  run,
  values,
});
const shape = (title: string, says: string | RegExp, run: (b: Bench) => unknown): BadInput => bad('ShapeError', title, says, run);
const dtype = (title: string, says: string | RegExp, run: (b: Bench) => unknown): BadInput => bad('DTypeError', title, says, run);

const conv = (b: Bench, options: object): Tensor => conv2d(b.x(1, 2, 5, 5), b.x(4, 2, 3, 3), null, options);

export const badInputs: readonly BadInput[] = [
  shape('shapes that do not broadcast', 'got [2, 3] and [2]', (b) => add(b.x(2, 3), b.x(2))),
  shape('an in-place result of another shape', '[2, 3]', (b) => add_(b.x(3), b.x(2, 3))),
  shape('matmul: inner sizes', '[4, 2]', (b) => matmul(b.x(2, 3), b.x(4, 2))),
  shape('matmul: a scalar', '[matmul]', (b) => matmul(b.x(), b.x(2, 2))),
  shape('reshape: wrong count', 'got [4]', (b) => reshape(b.x(2, 3), [4])),
  shape('reshape: two open sizes', 'got', (b) => reshape(b.x(2, 3), [-1, -1])),
  shape('reshape: a fraction', '1.5', (b) => reshape(b.x(3), [1.5, 2])),
  shape('permute: an axis twice', '[0,0]', (b) => permute(b.x(2, 3), [0, 0])),
  shape('transpose: no such axis', 'got 2', (b) => transpose(b.x(2, 3), 0, 2)),
  shape('expand: a size that is not 1', '[2,4]', (b) => expand(b.x(2, 3), [2, 4])),
  shape('flatten: start behind end', 'got 1 and 0', (b) => flatten(b.x(2, 3), 1, 0)),
  shape('slice: too many indices', 'got 2', (b) => slice(b.x(3), 0, 0)),
  shape('slice: a negative step', 'got -1', (b) => slice(b.x(3), [0, 3, -1])),
  shape('slice: step 0', 'got 0', (b) => slice(b.x(3), [0, 3, 0])),
  shape('select: out of range', 'got 3', (b) => select(b.x(3), 0, 3)),
  shape('cat: other sizes differ', '[3, 3]', (b) => cat([b.x(2, 2), b.x(3, 3)], 0)),
  shape('cat: nothing', '[cat]', () => cat([], 0)),
  shape('stack: shapes differ', '[3]', (b) => stack([b.x(2), b.x(3)])),
  shape('set_: a value that does not fit', '[2]', (b) => set_(b.x(3, 3), [0], b.x(2))),
  shape('sum: no such axis', 'got 2', (b) => sum(b.x(2, 3), 2)),
  shape('sum: an axis twice', '[0, 0]', (b) => sum(b.x(2, 3), [0, 0])),
  shape('max of nothing', '[0]', (b) => max(b.x(0))),
  shape('argmax of nothing', '[2, 0]', (b) => argmax(b.x(2, 0), 1)),
  shape('sizes: negative', '-1', (b) => zeros([2, -1], { backend: b.backend.name })),
  shape('sizes: NaN', 'NaN', (b) => zeros([Number.NaN], { backend: b.backend.name })),
  shape('sizes: a fraction', '2.5', (b) => zeros([2.5], { backend: b.backend.name })),
  shape('sizes: infinity', 'Infinity', (b) => full([Number.POSITIVE_INFINITY], 1, { backend: b.backend.name })),
  shape('2^31 elements', '2147483648', (b) => zeros([2 ** 16, 2 ** 15], { backend: b.backend.name })),
  shape('2^31 elements by expand', '[65536, 32768]', (b) => expand(b.x(1), [2 ** 16, 2 ** 15])),
  shape('values that do not fill the shape', 'got 3', (b) => tensor([1, 2, 3], { shape: [2, 2], backend: b.backend.name })),
  shape('ragged nesting', 'got 1', (b) => tensor([[1, 2], [3]], { backend: b.backend.name })),

  shape('conv2d: channels', 'got 3 from input [2, 3, 5, 5]', (b) => conv2d(b.x(2, 3, 5, 5), b.x(4, 2, 3, 3))),
  shape('conv2d: rank of the input', '[5, 5]', (b) => conv2d(b.x(5, 5), b.x(4, 2, 3, 3))),
  shape('conv1d: rank of the weight', '[4, 2, 3, 3]', (b) => conv1d(b.x(1, 2, 5), b.x(4, 2, 3, 3))),
  shape('conv3d: kernel larger than the input', '[2, 2, 2]', (b) => conv3d(b.x(1, 1, 2, 2, 2), b.x(1, 1, 3, 3, 3))),
  shape('conv2d: groups that do not divide', 'got 3', (b) => conv2d(b.x(1, 6, 4, 4), b.x(4, 2, 3, 3), null, { groups: 3 })),
  shape('conv2d: bias of another size', '[3]', (b) => conv2d(b.x(1, 2, 5, 5), b.x(4, 2, 3, 3), b.x(3))),
  shape('conv2d: stride 0', 'got 0', (b) => conv(b, { stride: 0 })),
  shape('conv2d: negative stride', 'got -1', (b) => conv(b, { stride: -1 })),
  shape('conv2d: NaN stride', 'got NaN', (b) => conv(b, { stride: Number.NaN })),
  shape('conv2d: three strides', 'got [1, 1, 1]', (b) => conv(b, { stride: [1, 1, 1] })),
  shape('conv2d: negative padding', 'got -1', (b) => conv(b, { padding: -1 })),
  shape('conv2d: an unknown padding', "'full'", (b) => conv(b, { padding: 'full' })),
  shape("conv2d: 'same' with a stride", '[2, 2]', (b) => conv(b, { padding: 'same', stride: 2 })),
  shape('conv2d: dilation 0', 'got 0', (b) => conv(b, { dilation: 0 })),
  shape('conv2d: no groups', 'got 0', (b) => conv(b, { groups: 0 })),
  shape('conv2d: no channels', '[1, 0, 5, 5]', (b) => conv2d(b.x(1, 0, 5, 5), b.x(4, 2, 3, 3))),
  shape('convTranspose2d: output padding', 'got [2, 2]', (b) =>
    convTranspose2d(b.x(1, 2, 3, 3), b.x(2, 1, 3, 3), null, { stride: 2, outputPadding: 2 }),
  ),
  shape('convTranspose2d: 2^31 elements', /got \d{10}/, (b) => convTranspose2d(b.x(1, 1, 50, 50), b.x(1, 1, 1, 1), null, { stride: 2000 })),
  shape('maxPool2d: padding above half the kernel', 'got [2, 2]', (b) => maxPool2d(b.x(1, 1, 5, 5), 3, { padding: 2 })),
  shape('maxPool2d: kernel 0', 'got 0', (b) => maxPool2d(b.x(1, 1, 5, 5), 0)),
  shape('avgPool2d: kernel larger than the input', '[2, 2]', (b) => avgPool2d(b.x(1, 1, 2, 2), 3)),
  shape('linear: features', 'got 3', (b) => linear(b.x(2, 3), b.x(5, 4))),
  shape('batchNorm: one value per channel', '[1, 3]', (b) => batchNorm(b.x(1, 3), null, null, null, null, true)),
  shape('batchNorm: weight of another size', '[2]', (b) => batchNorm(b.x(4, 3), null, null, b.x(2), null, true)),
  shape('crossEntropy: batches differ', '[3]', (b) => crossEntropy(b.x(2, 4), b.ints([0, 1, 2]))),
  shape('mseLoss: shapes differ', '[3]', (b) => mseLoss(b.x(2, 3), b.x(3))),
  shape('softmax: no such axis', 'got 2', (b) => softmax(b.x(2, 3), 2)),
  shape('interpolate: both size and factor', 'both', (b) => interpolate(b.x(1, 1, 3), { size: 2, scaleFactor: 2 })),
  shape('gather: ranks differ', '[2]', (b) => gather(b.x(2, 3), 1, b.ints([0, 1]))),
  shape('item of many', 'got 3', (b) => b.x(3).item()),
  bad('ShapeError', 'gather: index out of range', 'got 3', (b) => gather(b.x(2, 3), 1, b.ints([0, 3], [2, 1])), true),
  bad('ShapeError', 'crossEntropy: target out of range', 'got 4', (b) => crossEntropy(b.x(2, 4), b.ints([0, 4])), true),

  dtype('conv2d: an int32 weight', 'got int32', (b) => conv2d(b.x(1, 1, 3, 3), b.ints([1, 1, 1, 1], [1, 1, 2, 2]))),
  dtype('crossEntropy: float targets', 'got float32', (b) => crossEntropy(b.x(2, 4), b.x(2))),
  dtype('maxPool2d: int32', 'got int32', (b) => maxPool2d(b.ints([1, 2, 3, 4], [1, 1, 2, 2]), 2)),
  dtype('mean of int32', 'got int32', (b) => mean(b.ints([1, 2]))),
  dtype('sub of bools', 'got bool', (b) => sub(b.bools([1, 0]), b.bools([1, 1]))),
  dtype('neg of bools', 'got bool', (b) => neg(b.bools([1, 0]))),
  dtype('sort of bools', 'got bool', (b) => sort(b.bools([1, 0]))),
  dtype('a negative power of int32', 'got -1', (b) => pow(b.ints([1, 2]), -1)),
  dtype('where with a float condition', 'got float32', (b) => where(b.x(2), 1, 0)),
  dtype('gather with a float index', 'got float32', (b) => gather(b.x(2), 0, b.x(2))),
  dtype('an in-place result of a wider dtype', 'got float32', (b) => div_(b.ints([1, 2]), 2)),
  dtype('a fraction into int32', 'got float32', (b) => set_(b.ints([1, 2]), [0], tensor([0.5], { shape: [], backend: b.backend.name }))),
  dtype('requiresGrad of int32', 'got int32', (b) => (b.ints([1]).requiresGrad = true)),
  dtype('a string for a tensor', 'string', (b) => add(b.x(2), 'x' as unknown as number)),
  dtype('an array for a tensor', 'got', (b) => relu([1] as unknown as Tensor) ?? b),
  dtype('an unknown dtype', 'float16', (b) => zeros([1], { dtype: 'float16' as 'float32', backend: b.backend.name })),
  dtype('scatterAdd: a wider source', 'got float32', (b) => scatterAdd(b.ints([1, 2]), 0, b.ints([0, 1]), b.x(2))),

  bad('BackendError', 'operands on two backends', 'got', (b) => add(b.x(2), b.elsewhere(2))),
  bad('BackendError', 'conv2d on two backends', 'ready()', (b) => conv2d(b.x(1, 1, 3, 3), b.elsewhere(1, 1, 2, 2))),
  bad('BackendError', 'copy_ from another backend', 'await value.to', (b) => b.x(2).copy_(b.elsewhere(2))),
  bad('BackendError', 'sgdStep on two backends', 'optimizer.to', (b) =>
    sgdStep(b.x(2), b.elsewhere(2), null, {
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      dynamic: { lr: 1, firstStep: false },
    }),
  ),
  bad('BackendError', 'a tensor on a backend that is not registered', 'got "nowhere"', () => tensor([1], { backend: 'nowhere' })),
  bad('BackendError', 'useBackend of one that is not registered', 'registerBackend(', () => useBackend('nowhere')),
  bad('BackendError', 'to one that is not registered', 'got "nowhere"', (b) => b.x(2).to('nowhere')),
  bad('BackendError', 'a module to one that is not registered', 'got "nowhere"', async () => {
    const layer = new nn.Linear(2, 1);
    try {
      await layer.to('nowhere');
    } finally {
      layer.dispose();
    }
  }),
  bad('BackendError', 'a name that is taken by live tensors', 'live tensors', (b) => {
    const keep = b.x(1);
    try {
      registerBackend({ ...b.backend });
    } finally {
      keep.dispose();
    }
  }),
  bad('BackendError', 'unregistering a backend that holds tensors', 'dispose them', (b) => {
    b.x(1);
    unregisterBackend(b.backend.name);
  }),
  bad('BackendError', 'an interface of another version', 'got 99', (b) =>
    registerBackend({ ...b.backend, name: 'future', interfaceVersion: 99 }),
  ),
  bad('BackendError', 'a backend without matmul and read', 'matmul', (b) =>
    registerBackend({ ...b.backend, name: 'partial', matmul: undefined, read: undefined } as unknown as Backend),
  ),
  bad('BackendError', 'a kernel that is missing', /\[exp\] is not supported on ".*" for float32/, (b) => missing(b)),

  bad('DisposedError', 'a tensor after dispose', 'dispose()', (b) => {
    const x = b.x(2, 3);
    x.dispose();
    return relu(x);
  }),
  bad('DisposedError', 'a tensor of a closed scope', 'the end of inner', (b) => {
    let x: Tensor | undefined;
    scope(() => void (x = b.x(2)), 'inner');
    return add(b.x(2), x as Tensor);
  }),
  bad('DisposedError', 'reading a freed tensor', '[data]', (b) => {
    const x = b.x(2);
    x.dispose();
    return x.data();
  }),
  bad('DisposedError', 'in place on a freed tensor', 'was freed', (b) => {
    const x = b.x(2);
    x.dispose();
    return mul_(x, 2);
  }),
  bad('ScopeError', 'a scope around a promise', 'promise', () => scope(async () => 1)),

  bad('GradError', 'in place on a leaf', 'noGrad', (b) => add_(b.leaf(2), 1)),
  bad('GradError', 'backward of many without a gradient', 'got', (b) => b.leaf(2).mul(2).backward()),
  bad('GradError', 'backward twice', 'retainGraph', (b) => {
    const x = b.leaf(2);
    const y = x.exp().sum();
    y.backward();
    x.grad = null;
    y.backward();
  }),
  bad('GradError', 'a saved tensor that was changed', 'got', (b) => {
    const x = b.leaf(2).mul(1);
    const y = x.exp();
    y.add_(1);
    y.sum().backward();
  }),
  bad('GradError', 'grad of an input that was not used', 'allowUnused', (b) => grad(b.leaf(2).sum(), b.leaf(3))),
  bad('GradError', 'requiresGrad = false inside a graph', 'detach()', (b) => (sqrt(log(b.leaf(2))).requiresGrad = false)),
  bad('GradError', 'a tensor in a graph to another backend', 'detach()', (b) => logSoftmax(b.leaf(2, 2), 1).to(b.other.name)),
];

/** The same backend without `exp`. */
function missing(b: Bench): void {
  const partial: Backend = {
    ...b.backend,
    unary: b.backend.unary.bind(b.backend),
    name: `${b.backend.name}, without exp`,
    dispose: undefined,
    memory: () => ({ tensors: 0, bytes: 0 }),
    supports: (family, kind, d) => kind !== 'exp' && b.backend.supports(family, kind, d),
  };
  registerBackend(partial);
  try {
    scope(() => tensor([1], { backend: partial.name }).exp());
  } finally {
    unregisterBackend(partial.name);
    getBackend(b.backend.name);
  }
}
