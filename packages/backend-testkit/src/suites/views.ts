import {
  add_,
  argmax,
  avgPool2d,
  batchNorm,
  cat,
  contiguous,
  conv2d,
  crossEntropy,
  exp,
  flatten,
  fill_,
  gather,
  linear,
  logSoftmax,
  matmul,
  maxPool2d,
  mean,
  mul,
  mul_,
  permute,
  relu,
  relu_,
  reshape,
  scatterAdd,
  select,
  set_,
  slice,
  softmax,
  stack,
  sub_,
  sum,
  type Tensor,
  type Index,
  where,
} from '@konv/core-tensor';
import { grad } from '@konv/autograd';
import { assertEqual, Findings } from '../harness/assert.js';
import type { Lab } from '../harness/lab.js';
import type { Suite } from '../harness/suite.js';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Windows of every kind: empty, scalar, high rank, broadcast, overlapping. */
export function viewTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('views and edges', () => {
    suite.it('empty tensors go through every family', () => empties(lab));
    suite.it('empty tensors have empty gradients', () => emptyGradients(lab));
    suite.it('scalars', () => scalars(lab));
    suite.it('rank 6', () => rank6(lab));
    suite.it('operands with stride 0', () => broadcasts(lab));
    suite.it('slices with steps, selections and their slices', () => slices(lab));
    suite.it('in place through views changes the base and nothing else', () => inPlace(lab));
    suite.it('in place with operands that overlap the result', () => overlapping(lab));
    suite.it('copy_ and set_ from and to one storage', () => copies(lab));
    suite.it('matmul reads transposed, offset and broadcast operands', () => products(lab));
  });
}

async function empties(lab: Lab): Promise<void> {
  const e = (shape: number[], dtype: 'float32' | 'int32' = 'float32'): Tensor => lab.tensor([], shape, dtype);
  const index = e([0, 2], 'int32');
  const cases: [string, () => Tensor, number[], number[]][] = [
    ['unary', () => exp(e([0, 3])), [0, 3], []],
    ['binary, broadcast', () => e([0, 3]).add(lab.tensor([1, 2, 3], [3])), [0, 3], []],
    ['compare', () => e([2, 0]).lt(1), [2, 0], []],
    ['where', () => where(e([0]).gt(0), e([0]), 1), [0], []],
    ['sum of nothing', () => sum(e([0])), [], [0]],
    ['sum along nothing', () => sum(e([2, 0]), 1), [2], [0, 0]],
    ['mean of nothing', () => mean(e([0])), [], [Number.NaN]],
    ['argmax of no rows', () => argmax(e([0, 3]), 1), [0], []],
    ['matmul, no rows', () => matmul(e([0, 3]), lab.tensor(count(6), [3, 2])), [0, 2], []],
    ['matmul, nothing inside', () => matmul(e([2, 0]), e([0, 3])), [2, 3], [0, 0, 0, 0, 0, 0]],
    ['linear, no rows', () => linear(e([0, 3]), lab.tensor(count(6), [2, 3]), lab.tensor([1, 2], [2])), [0, 2], []],
    ['linear, no features', () => linear(e([2, 0]), e([3, 0]), lab.tensor([1, 2, 3], [3])), [2, 3], [1, 2, 3, 1, 2, 3]],
    ['conv2d, no images', () => conv2d(e([0, 1, 4, 4]), lab.tensor(count(4), [1, 1, 2, 2])), [0, 1, 3, 3], []],
    ['maxPool2d, no images', () => maxPool2d(e([0, 2, 4, 4]), 2), [0, 2, 2, 2], []],
    ['avgPool2d, no images', () => avgPool2d(e([0, 2, 4, 4]), 2), [0, 2, 2, 2], []],
    ['softmax', () => softmax(e([0, 4]), 1), [0, 4], []],
    ['logSoftmax', () => logSoftmax(e([2, 0]), 1), [2, 0], []],
    ['crossEntropy, mean', () => crossEntropy(e([0, 3]), e([0], 'int32')), [], [Number.NaN]],
    ['crossEntropy, none', () => crossEntropy(e([0, 3]), e([0], 'int32'), { reduction: 'none' }), [0], []],
    ['batchNorm, evaluation', () => batchNorm(e([0, 2, 3]), lab.tensor([0, 0], [2]), lab.tensor([1, 1], [2])), [0, 2, 3], []],
    ['gather', () => gather(e([0, 2]), 0, index), [0, 2], []],
    ['scatterAdd of nothing', () => scatterAdd(lab.tensor([1, 2], [1, 2]), 0, index, e([0, 2])), [1, 2], [1, 2]],
    ['cat with an empty one', () => cat([e([0, 2]), lab.tensor([1, 2], [1, 2])], 0), [1, 2], [1, 2]],
    ['slice to nothing', () => slice(lab.tensor([1, 2], [2]), [1, 1]), [0], []],
    ['set_ of nothing', () => set_(lab.tensor([1, 2], [2]), [[1, 1]], 5), [2], [1, 2]],
    ['cast', () => e([0]).cast('int32').cast('float32'), [0], []],
    ['permute, reshape, clone', () => reshape(permute(e([2, 0, 3]), [2, 0, 1]), [0, 5]).clone(), [0, 5], []],
  ];
  const findings = new Findings();
  for (const [name, f, shape, values] of cases) {
    await findings.during(name, async () => {
      const y = f();
      assertEqual('shape', [...y.shape], shape);
      await lab.expect('values', y, values);
    });
  }
  findings.report();
}

async function emptyGradients(lab: Lab): Promise<void> {
  const x = lab.tensor([], [0, 1, 4, 4]);
  const w = lab.tensor(count(8), [2, 1, 2, 2]);
  x.requiresGrad = true;
  w.requiresGrad = true;
  const y = maxPool2d(relu(conv2d(x, w)), 3);
  const [dx, dw] = grad(sum(y), [x, w]);
  await lab.expectShaped('dx', dx, [0, 1, 4, 4], 'float32', []);
  await lab.expectShaped('dw', dw, [2, 1, 2, 2], 'float32', new Array(8).fill(0));
}

async function scalars(lab: Lab): Promise<void> {
  const x = lab.tensor([3], []);
  await lab.expectShaped('x + 1', x.add(1), [], 'float32', [4]);
  await lab.expectShaped('1 / x', lab.tensor([1], []).div(x), [], 'float32', [1 / 3]);
  await lab.expectShaped('with a matrix', mul(x, lab.tensor([1, 2, 3, 4], [2, 2])), [2, 2], 'float32', [3, 6, 9, 12]);
  await lab.expectShaped('sum', sum(x), [], 'float32', [3]);
  await lab.expectShaped('max', x.max(), [], 'float32', [3]);
  await lab.expectShaped('argmax', argmax(x), [], 'int32', [0]);
  await lab.expectShaped('reshape', reshape(x, [1, 1, 1]), [1, 1, 1], 'float32', [3]);
  await lab.expectShaped('flatten', flatten(x), [1], 'float32', [3]);
  await lab.expectShaped('dot product', matmul(lab.tensor([1, 2], [2]), lab.tensor([3, 4], [2])), [], 'float32', [11]);
  await lab.expectShaped('softmax', softmax(x, 0), [], 'float32', [1]);
  assertEqual('item', await x.item(), 3);
  await lab.expect('in place', add_(x, x), [6]);
}

async function rank6(lab: Lab): Promise<void> {
  const shape = [2, 3, 1, 2, 2, 3];
  const x = lab.tensor(count(72), shape);
  const order = [5, 3, 1, 0, 4, 2];
  const y = permute(x, order);
  const strides = [36, 12, 12, 6, 3, 1];
  const expected: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === 6) expected.push(at);
    else for (let i = 0; i < shape[order[axis]]; i++) walk(axis + 1, at + i * strides[order[axis]]);
  };
  walk(0, 0);
  await lab.expectShaped(
    'permuted',
    contiguous(y),
    order.map((a) => shape[a]),
    'float32',
    expected,
  );
  await lab.expect(
    'unary',
    y.square(),
    expected.map((v) => v * v),
  );
  await lab.expect(
    'binary with itself',
    y.mul(y),
    expected.map((v) => v * v),
  );
  const rows = [0, 0, 0];
  expected.forEach((v, i) => (rows[Math.floor(i / 24)] += v));
  await lab.expect('sum over five axes', sum(y, [1, 2, 3, 4, 5]), rows, 'forward');
  await lab.expect(
    'slice of it',
    slice(y, [1, 3], 0, [0, 3, 2], null, 1),
    expected.filter((_, i) => i >= 24 && Math.floor(i / 12) % 2 === 0 && Math.floor(i / 4) % 3 !== 1 && i % 2 === 1),
  );
}

async function broadcasts(lab: Lab): Promise<void> {
  const row = lab.tensor([1, 2, 3], [3]).expand([2, 3]);
  const column = lab.tensor([10, 20], [2, 1]).expand([2, 3]);
  const one = lab.tensor([5], []).expand([2, 3]);
  await lab.expect('expanded + expanded', row.add(column), [11, 12, 13, 21, 22, 23]);
  await lab.expect('unary', row.sub(column).abs(), [9, 8, 7, 19, 18, 17]);
  await lab.expect('one value', one.mul(row), [5, 10, 15, 5, 10, 15]);
  await lab.expect('sum', sum(column, 1), [30, 60], 'forward');
  await lab.expect('argmax', argmax(row, 0), [0, 0, 0]);
  await lab.expect('matmul', matmul(column, row.transpose(0, 1)), [60, 60, 120, 120], 'forward');
  await lab.expect('cast', row.cast('int32'), [1, 2, 3, 1, 2, 3]);
  await lab.expect('where', where(row.gt(1), column, one), [5, 10, 10, 5, 20, 20]);
  const index = lab.tensor([2, 0], [2, 1], 'int32').expand([2, 2]);
  await lab.expect('gather with an expanded index', gather(row, 1, index), [3, 3, 1, 1]);
  await lab.expect(
    'scatterAdd of an expanded source',
    scatterAdd(lab.tensor(new Array(6).fill(0), [2, 3]), 1, index, one.slice(null, [0, 2])),
    [0, 0, 10, 10, 0, 0],
  );
  await lab.expect('stack', stack([row, column], 0).sum(0), [11, 12, 13, 21, 22, 23], 'forward');
  await lab.expect(
    'the broadcast of conv bias',
    conv2d(lab.tensor([1, 2, 3, 4], [1, 1, 2, 2]), lab.tensor([1], [1, 1, 1, 1]).expand([3, 1, 1, 1]), lab.tensor([1], [1]).expand([3])),
    [2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4, 5],
    'forward',
  );
}

async function slices(lab: Lab): Promise<void> {
  const x = lab.tensor(count(24), [4, 6]);
  const at = (...index: Index[]): Tensor => slice(x, ...index);
  await lab.expect('steps on both axes', at([1, null, 2], [0, null, 3]), [6, 9, 18, 21]);
  await lab.expect('slice of a slice', slice(at([1, 4], [1, 6]), [1, 3], [1, 5, 2]), [14, 16, 20, 22]);
  await lab.expect('a column', select(x, 1, -1), [5, 11, 17, 23]);
  await lab.expect('computing with it', select(x, 1, 2).mul(select(x, 1, 3)), [6, 72, 210, 420]);
  await lab.expect('reduced', sum(at(null, [1, null, 2]), 0), [40, 48, 56], 'forward');
  await lab.expect('reshaped', reshape(at([0, 4, 3]), [3, 4]), [0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23]);
}

async function inPlace(lab: Lab): Promise<void> {
  const x = lab.tensor(count(12), [3, 4]);
  add_(select(x, 0, 1), 100);
  await lab.expect('a row', x, [0, 1, 2, 3, 104, 105, 106, 107, 8, 9, 10, 11]);
  mul_(select(x, 1, 2), 0);
  await lab.expect('a column', x, [0, 1, 0, 3, 104, 105, 0, 107, 8, 9, 0, 11]);
  fill_(slice(x, [0, 2], [0, 4, 3]), -1);
  await lab.expect('corners', x, [-1, 1, 0, -1, -1, 105, 0, -1, 8, 9, 0, 11]);
  relu_(x.transpose(0, 1));
  await lab.expect('transposed', x, [0, 1, 0, 0, 0, 105, 0, 0, 8, 9, 0, 11]);
  sub_(reshape(x, [12]).slice([4, 8]), lab.tensor([1, 2, 3, 4], [4]));
  await lab.expect('an offset window', x, [0, 1, 0, 0, -1, 103, -3, -4, 8, 9, 0, 11]);
}

async function overlapping(lab: Lab): Promise<void> {
  const x = lab.tensor([1, 2, 3, 4, 5], [5]);
  add_(x, x);
  await lab.expect('x += x', x, [2, 4, 6, 8, 10]);
  add_(slice(x, [1, 5]), slice(x, [0, 4]));
  await lab.expect('shifted to the right', x, [2, 6, 10, 14, 18]);
  sub_(slice(x, [0, 4]), slice(x, [1, 5]));
  await lab.expect('shifted to the left', x, [-4, -4, -4, -4, 18]);
  const m = lab.tensor([1, 2, 3, 4], [2, 2]);
  add_(m, m.transpose(0, 1));
  await lab.expect('m += m transposed', m, [2, 5, 5, 8]);
  mul_(m, select(m, 0, 0));
  await lab.expect('m *= its own first row', m, [4, 25, 10, 40]);
  const v = lab.tensor([3, 1, 2], [3]);
  v.div_(v.slice([0, 1]));
  await lab.expect('v /= its first element', v, [1, 1 / 3, 2 / 3]);
}

async function copies(lab: Lab): Promise<void> {
  const x = lab.tensor(count(6), [6]);
  slice(x, [1, 6]).copy_(slice(x, [0, 5]));
  await lab.expect('to the right', x, [0, 0, 1, 2, 3, 4]);
  slice(x, [0, 5]).copy_(slice(x, [1, 6]));
  await lab.expect('to the left', x, [0, 1, 2, 3, 4, 4]);
  const m = lab.tensor(count(4), [2, 2]);
  m.copy_(m.transpose(0, 1));
  await lab.expect('transposed onto itself', m, [0, 2, 1, 3]);
  set_(m, [0], select(m, 1, 1));
  await lab.expect('a row of its own column', m, [2, 3, 1, 3]);
  m.copy_(lab.tensor([7, 8], [2], 'int32'));
  await lab.expect('another dtype, broadcast', m, [7, 8, 7, 8]);
  set_(m, [null, [0, 1]], lab.tensor([1, 2], [2, 1]));
  await lab.expect('a column', m, [1, 8, 2, 8]);
}

async function products(lab: Lab): Promise<void> {
  const a = lab.tensor(count(12), [3, 4]);
  const b = lab.tensor(count(12), [4, 3]);
  const expected = [42, 48, 54, 114, 136, 158, 186, 224, 262];
  await lab.expect('plain', matmul(a, b), expected, 'forward');
  await lab.expect(
    'transposed left',
    matmul(lab.tensor([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], [4, 3]).transpose(0, 1), b),
    expected,
    'forward',
  );
  await lab.expect(
    'transposed right',
    matmul(a, lab.tensor([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], [3, 4]).transpose(0, 1)),
    expected,
    'forward',
  );
  const batch = lab.tensor(count(24), [2, 3, 4]);
  await lab.expect('an offset batch', matmul(select(batch, 0, 1), b), [258, 312, 366, 330, 400, 470, 402, 488, 574], 'forward');
  await lab.expect('a shared right operand', matmul(batch, b), [...expected, 258, 312, 366, 330, 400, 470, 402, 488, 574], 'forward');
  await lab.expect('a broadcast batch', matmul(a.expand([2, 3, 4]), stack([b, b], 0)), [...expected, ...expected], 'forward');
}
