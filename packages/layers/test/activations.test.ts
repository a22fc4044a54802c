import '@konv/autograd';
import { memory, rand, scope, sum, type Tensor, tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown, values } from './support.js';

const { functional: F } = nn;
const message = (build: () => unknown): string => thrown(build).message;
type Options = Record<string, unknown>;
const layers = nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>;

describe('what activations refuse', () => {
  const fixed = 'ReLU ReLU6 Sigmoid Tanh SiLU Mish SELU Hardsigmoid Hardswish LogSigmoid Softsign Tanhshrink Softmax2d'.split(' ');
  it.each(fixed)('%s takes nothing', (name) => {
    expect(message(() => new layers[name](true))).toBe(`[${name}] expected no arguments, got true; write new ${name}()`);
    expect(message(() => new layers[name]({ alpha: 1 }))).toBe(`[${name}] expected no arguments, got alpha; write new ${name}()`);
    expect(String(new layers[name]())).toBe(`${name}()`);
    expect(String(new layers[name]({}))).toBe(`${name}()`);
  });
  it.each([...fixed, 'LeakyReLU', 'ELU', 'GELU', 'Hardtanh', 'Softplus', 'PReLU'])('%s has no inplace', (name) => {
    expect(message(() => new layers[name]({ inplace: true }))).toBe(
      `[${name}] expected no option inplace, got one: layers never write over their input; leave it out, Sequential frees what nobody needs`,
    );
  });
  it.each<[string, unknown, string]>([
    ['LeakyReLU', 0.2, 'expected an object of options, got 0.2; write { negativeSlope: ... }'],
    ['LeakyReLU', { negative_slope: 0.2 }, 'expected options among negativeSlope, got negative_slope; write negativeSlope'],
    ['LeakyReLU', { negativeSlope: 'steep' }, "expected negativeSlope to be a number, got 'steep'"],
    ['ELU', { alpha: Number.NaN }, 'expected alpha to be a number, got NaN'],
    ['ELU', { alpha: null }, 'expected alpha to be a number, got null'],
    ['GELU', { approximate: 'erf' }, "expected approximate to be 'none' or 'tanh', got 'erf'"],
    ['Hardtanh', { minVal: 1 }, 'expected minVal < maxVal, got 1 and 1; swap them'],
    ['Softplus', { beta: 0 }, 'expected beta to be a number other than 0, got 0'],
    ['PReLU', { numParameters: 0 }, 'expected numParameters to be a whole number >= 1, got 0'],
    ['PReLU', { numParameters: 1.5 }, 'expected numParameters to be a whole number >= 1, got 1.5'],
    ['PReLU', { init: '0' }, "expected init to be a number, got '0'"],
  ])('%s of %j', (name, options, says) => {
    expect(message(() => new layers[name](options))).toBe(`[${name}] ${says}`);
  });
  it('refused options leave no memory', () => {
    const before = memory().tensors;
    thrown(() => new nn.PReLU({ init: 'a' as never }));
    thrown(() => new nn.PReLU({ numParameters: -1 }));
    expect(memory().tensors).toBe(before);
  });
  it('in forward, under the name of the layer', () => {
    const x = tensor([1, 2], { dtype: 'int32' });
    expect(message(() => new nn.SiLU().forward(x))).toBe("SiLU: [silu] expected a float input, got int32; use cast('float32') first");
    expect(message(() => new nn.PReLU({ numParameters: 3 }).forward(rand([2, 4])))).toBe(
      'PReLU: [prelu] expected weight [1] or [4], one a channel of input [2, 4], got [3]',
    );
    expect(message(() => new nn.Softmax2d().forward(rand([2, 4])))).toMatch(/channels, height, width\], got \[2, 4\]; use Softmax\(dim\)/);
  });
});

describe('how they print', () => {
  // Of PyTorch. A whole number is printed as the float that its annotation says.
  it.each<[string, Options, string]>([
    ['LeakyReLU', {}, 'LeakyReLU(negative_slope=0.01)'],
    ['LeakyReLU', { negativeSlope: 1e-7 }, 'LeakyReLU(negative_slope=1e-07)'],
    ['LeakyReLU', { negativeSlope: 1 }, 'LeakyReLU(negative_slope=1.0)'],
    ['ELU', {}, 'ELU(alpha=1.0)'],
    ['ELU', { alpha: 1.5e20 }, 'ELU(alpha=1.5e+20)'],
    ['GELU', {}, "GELU(approximate='none')"],
    ['Hardtanh', {}, 'Hardtanh(min_val=-1.0, max_val=1.0)'],
    ['Hardtanh', { minVal: -Infinity, maxVal: Infinity }, 'Hardtanh(min_val=-inf, max_val=inf)'],
    ['Softplus', {}, 'Softplus(beta=1, threshold=20)'],
    ['Softplus', { beta: 1e-7, threshold: 2.5 }, 'Softplus(beta=1e-07, threshold=2.5)'],
    ['PReLU', { numParameters: 4 }, 'PReLU(num_parameters=4)'],
  ])('%s of %j', (name, options, text) => {
    expect(String(new layers[name](options))).toBe(text);
  });
});

describe('PReLU', () => {
  it('starts at 0.25, and where it is told', () => {
    expect(values(new nn.PReLU({ numParameters: 3 }).weight)).toEqual([0.25, 0.25, 0.25]);
    const given = new nn.PReLU({ init: 0.5, dtype: 'float64' });
    expect(given.weight.dtype).toBe('float64');
    expect(Object.keys(given.stateDict())).toEqual(['weight']);
    given.loadStateDict({ weight: tensor([3], { dtype: 'float64' }) });
    given.resetParameters();
    expect(values(given.weight)).toEqual([0.5]);
  });
  it('learns its slopes', () => {
    const layer = new nn.PReLU({ numParameters: 2 });
    sum(layer.forward(tensor([[-2, 3]]))).backward();
    expect(values(layer.weight.grad as Tensor)).toEqual([-2, 0]);
  });
});

it('functional has what the layers compute, and nothing is left behind', () => {
  const x = rand([2, 3, 2, 2]).sub(0.5);
  const weight = new nn.PReLU({ numParameters: 3, init: 0.1 });
  const before = memory().tensors;
  const pairs: [nn.Module, () => Tensor][] = [
    [new nn.LeakyReLU({ negativeSlope: 0.3 }), () => F.leakyRelu(x, 0.3)],
    [new nn.ELU({ alpha: 2 }), () => F.elu(x, 2)],
    [new nn.GELU({ approximate: 'tanh' }), () => F.gelu(x, { approximate: 'tanh' })],
    [new nn.Hardtanh({ minVal: -0.1, maxVal: 0.2 }), () => F.hardtanh(x, -0.1, 0.2)],
    [new nn.Softplus({ beta: 2, threshold: 0.1 }), () => F.softplus(x, { beta: 2, threshold: 0.1 })],
    [new nn.SELU(), () => F.selu(x)],
    [new nn.SiLU(), () => F.silu(x)],
    [new nn.Mish(), () => F.mish(x)],
    [new nn.ReLU6(), () => F.relu6(x)],
    [new nn.Hardsigmoid(), () => F.hardsigmoid(x)],
    [new nn.Hardswish(), () => F.hardswish(x)],
    [new nn.LogSigmoid(), () => F.logsigmoid(x)],
    [new nn.Softsign(), () => F.softsign(x)],
    [new nn.Tanhshrink(), () => F.tanhshrink(x)],
    [new nn.Softmin(1), () => F.softmin(x, 1)],
    [new nn.Softmax2d(), () => F.softmax(x, 1)],
    [weight, () => F.prelu(x, weight.weight)],
  ];
  for (const [layer, compute] of pairs) {
    const [ours, theirs] = scope(() => [values(layer.forward(x)), values(compute())]);
    expect(ours, String(layer)).toEqual(theirs);
    expect(ours.some((v) => Number.isNaN(v) || v === undefined)).toBe(false);
  }
  expect(memory().tensors).toBe(before);
});

it('each leaves its input and one output, no more', () => {
  const x = rand([2, 3]).sub(0.5);
  for (const layer of [new nn.LeakyReLU(), new nn.GELU(), new nn.Hardswish(), new nn.Softplus(), new nn.LogSigmoid(), new nn.SELU()]) {
    const before = memory().tensors;
    const y = layer.forward(x);
    expect(memory().tensors - before, String(layer)).toBe(1);
    y.dispose();
  }
});
