import { beforeEach, describe, expect, it } from 'vitest';
import { arange, noGrad, ones, scope, tensor, type Tensor, zeros } from '../src/index.js';
import { freshBackend, live, values } from './support.js';

let backend = '';
beforeEach(() => {
  backend = freshBackend();
});

const square = (): Tensor =>
  tensor([
    [1, 2],
    [3, 4],
  ]);

describe('in place', () => {
  it.each([
    ['add_', (t: Tensor) => t.add_(1), [2, 3, 4, 5]],
    ['sub_', (t: Tensor) => t.sub_(tensor([1, 2])), [0, 0, 2, 2]],
    ['mul_', (t: Tensor) => t.mul_(tensor([[2], [3]])), [2, 4, 9, 12]],
    ['div_', (t: Tensor) => t.div_(2), [0.5, 1, 1.5, 2]],
    ['copy_', (t: Tensor) => t.copy_(tensor([7, 8], { dtype: 'int32' })), [7, 8, 7, 8]],
    ['zero_', (t: Tensor) => t.zero_(), [0, 0, 0, 0]],
    ['fill_', (t: Tensor) => t.fill_(-3), [-3, -3, -3, -3]],
    ['set_', (t: Tensor) => t.set_([null, 1], 9), [1, 9, 3, 9]],
    ['set_ of a row', (t: Tensor) => t.set_([-1], tensor([8, 9])), [1, 2, 8, 9]],
    ['set_ with leading ones', (t: Tensor) => t.set_([0], tensor([[[8, 9]]])), [8, 9, 3, 4]],
    ['set_ of everything', (t: Tensor) => t.set_([], tensor(5)), [5, 5, 5, 5]],
    ['set_ of nothing', (t: Tensor) => t.set_([[2, 2]], 5), [1, 2, 3, 4]],
    ['add_ of float64', (t: Tensor) => t.add_(tensor([0.5, 1.5], { dtype: 'float64' })), [1.5, 3.5, 3.5, 5.5]],
    ['add_ of its transpose', (t: Tensor) => t.add_(t.transpose(0, 1)), [2, 5, 5, 8]],
    ['mul_ of itself', (t: Tensor) => t.mul_(t), [1, 4, 9, 16]],
    ['copy_ of its transpose', (t: Tensor) => t.copy_(t.transpose(0, 1)), [1, 3, 2, 4]],
    ['set_ of its own row', (t: Tensor) => t.set_([0], t.select(1, 1)), [2, 4, 3, 4]],
    ['sub_ of its own row', (t: Tensor) => t.sub_(t.select(0, 0)), [0, 0, 2, 2]],
  ])('%s: values, one version more, nothing else alive', (_name, change, expected) => {
    const t = square();
    scope(() => {
      const { buffer } = t.ref;
      expect(change(t)).toBe(t);
      expect(values(t)).toEqual(expected);
      expect([t.ref.buffer === buffer, buffer.version, t.dtype]).toEqual([true, 1, 'float32']);
    });
    expect(live(backend)).toBe(1);
  });

  it('overlapping windows read the old values', () => {
    const t = arange(0, 8, 1, { dtype: 'float32' });
    t.slice([1]).add_(t.slice([0, 7]));
    expect(values(t)).toEqual([0, 1, 3, 5, 7, 9, 11, 13]);
    const u = arange(0, 8, 1, { dtype: 'float32' });
    u.slice([2]).copy_(u.slice([0, 6]));
    expect(values(u)).toEqual([0, 1, 0, 1, 2, 3, 4, 5]);
    const v = arange(0, 8, 1, { dtype: 'float32' });
    v.set_([[0, 6]], v.slice([2]));
    expect(values(v)).toEqual([2, 3, 4, 5, 6, 7, 6, 7]);
  });

  it('a change shows in every view, and a detached tensor is one', () => {
    const t = square();
    const [row, turned, detached] = [t.select(0, 1), t.transpose(0, 1), t.detach()];
    row.mul_(10);
    expect([values(t), values(turned), values(detached)]).toEqual([
      [1, 2, 30, 40],
      [1, 30, 2, 40],
      [1, 2, 30, 40],
    ]);
    const copy = t.clone();
    detached.zero_();
    expect([values(row), values(copy)]).toEqual([
      [0, 0],
      [1, 2, 30, 40],
    ]);
  });

  it('a leaf may be changed under noGrad, through a view too', () => {
    const w = ones([2], { requiresGrad: true });
    noGrad(() => w.sub_(0.25));
    noGrad(() => w.select(0, 1).zero_());
    expect([values(w), w.requiresGrad, w.isLeaf]).toEqual([[0.75, 0], true, true]);
  });

  it('bools: add_ is or, mul_ is and; numbers set are truth', () => {
    const t = tensor([true, false, false]);
    t.add_(tensor([false, true, false]));
    expect(values(t)).toEqual([1, 1, 0]);
    t.mul_(tensor([true, false, true]));
    expect(values(t)).toEqual([1, 0, 0]);
    t.set_([2], 7);
    expect(t.arraySync()).toEqual([true, false, true]);
    t.fill_(0);
    expect(t.arraySync()).toEqual([false, false, false]);
  });

  it('empty tensors take any change', () => {
    const t = zeros([0, 3]);
    t.add_(1)
      .mul_(ones([3]))
      .zero_()
      .copy_(ones([3]));
    t.set_([], 4);
    expect(t.shape).toEqual([0, 3]);
  });
});
