import { defineFunction, gradcheck, gradgradcheck } from '@konv/autograd';
import { abs, noGrad, ones, tensor, type Tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { balanced, f64, leaf, stridedLeaf } from './support.js';

/** y = x^2 with a gradient that is right but for one element. */
const wrong = defineFunction({
  name: 'Wrong',
  forward: (ctx, x: Tensor) => {
    ctx.saveForBackward(x);
    return x.square();
  },
  backward: (ctx, dy) => dy.mul((ctx.savedTensors[0] as Tensor).mul(f64([2, 2, 2.1]))),
});
/** y = x^2 with a right gradient whose own gradient is cut. */
const cut = defineFunction({
  name: 'Cut',
  forward: (ctx, x: Tensor) => {
    ctx.saveForBackward(x);
    return x.square();
  },
  backward: (ctx, dy) => dy.mul((ctx.savedTensors[0] as Tensor).detach().mul(2)),
});

describe('gradcheck', () => {
  it('finds a wrong gradient and says where', async () => {
    const x = f64([1, 2, 3], true);
    await expect(gradcheck(wrong, [x])).rejects.toThrow(
      /\[gradcheck\] expected the gradient with respect to input 0 to agree with differences, got d output 0 \[2\] \/ d element \[2\]: 6\.3\d* by the rule, (6\.0|5\.9)\d* by differences; 1 of 9 entries differ, by up to 3\.00e-1/,
    );
    await expect(gradcheck(wrong, [x], { atol: 0.5 })).resolves.toBe(true);
  });

  it('finds a gradient that is there only to first order', async () => {
    const x = f64([1, 2, 3], true);
    await expect(gradcheck(cut, [x])).resolves.toBe(true);
    await expect(gradgradcheck(cut, [x])).rejects.toThrow(/\[gradgradcheck\] .* with respect to input 0 .*: 0 by the rule, /);
  });

  it('finds an output that should depend on an input', async () => {
    await expect(gradcheck((x) => x.detach().mul(2), [leaf([2])])).rejects.toThrow(/: 0 by the rule, (2|1\.99)/);
    await expect(gradcheck((x) => noGrad(() => x.mul(2)).add(x), [leaf([2])])).rejects.toThrow(/4 entries differ/);
  });

  it('finds a kink', async () => {
    await expect(gradcheck((x) => x.relu(), [f64([0], true)])).rejects.toThrow(/0 by the rule, 0\.5/);
    await expect(gradcheck(abs, [f64([0], true)])).resolves.toBe(true);
  });

  it('puts inputs back as they were, of any strides, also when fn throws', async () => {
    await balanced(async () => {
      const x = stridedLeaf([2, 3]);
      const before = Array.from(x.dataSync());
      await gradcheck((t) => t.exp(), [x]);
      let calls = 0;
      const failing = (t: Tensor): Tensor => {
        if (++calls > 3) throw new Error('enough');
        return t.exp();
      };
      await expect(gradcheck(failing, [x])).rejects.toThrow('enough');
      expect(Array.from(x.dataSync())).toEqual(before);
      expect(x.grad).toBeNull();
      x.dispose();
    });
  });

  const refused: [string, () => Promise<unknown>, RegExp][] = [
    ['no input that requires grad', () => gradcheck((x) => x, [f64([1])]), /expected an input that requires grad, got none/],
    ['float32', () => gradcheck((x) => x, [ones([1], { requiresGrad: true })]), /expected float64 inputs, got float32 for input 0/],
    ['a non-leaf', () => gradcheck((x) => x, [leaf([1]).mul(2)]), /expected leaves, got input 0 of shape \[1\]/],
    [
      'shared memory',
      () => {
        const x = tensor([1], { dtype: 'float64' }).expand([3]).detach();
        x.requiresGrad = true;
        return gradcheck((t) => t, [x]);
      },
      /elements are apart in memory, got input 0 expanded/,
    ],
    ['no tensor', () => gradcheck(() => 3 as never, [leaf([1])]), /expected fn to return a tensor or a non-empty array/],
    [
      'nothing to differentiate twice',
      () => gradgradcheck((x) => x.detach(), [leaf([1])]),
      /expected an output that requires grad, got none/,
    ],
  ];
  it.each(refused)('refuses %s', async (_what, run, message) => {
    await expect(run()).rejects.toThrow(message);
    await expect(run()).rejects.toHaveProperty('name', 'GradError');
  });
});
