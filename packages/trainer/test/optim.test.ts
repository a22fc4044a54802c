import { Parameter, tensor, type Tensor, zeros } from '@konv/core-tensor';
import { optim } from '@konv/trainer';
import { describe, expect, it } from 'vitest';
import './support.js';

const parameter = (...values: number[]): Parameter => new Parameter(tensor(values));
const grad = (p: Parameter, ...values: number[]): void => {
  p.grad = tensor(values);
};

describe('SGD', () => {
  it('follows the formula: weight decay, undampened first step, nesterov', () => {
    const p = parameter(1);
    const sgd = new optim.SGD([p], { lr: 0.1, momentum: 0.5, dampening: 0, weightDecay: 0.2, nesterov: true });
    let value = 1;
    let buffer = 0;
    for (let step = 0; step < 3; step++) {
      grad(p, 2);
      sgd.step();
      const g = 2 + 0.2 * value;
      buffer = step === 0 ? g : 0.5 * buffer + g;
      value -= 0.1 * (g + 0.5 * buffer);
      expect(p.itemSync()).toBeCloseTo(value, 5);
    }
  });

  it('skips parameters without a gradient', () => {
    const [a, b] = [parameter(1), parameter(2)];
    const sgd = new optim.SGD([a, b], { lr: 1 });
    grad(a, 1);
    sgd.step();
    expect([a.itemSync(), b.itemSync()]).toEqual([0, 2]);
    sgd.zeroGrad();
    expect(a.grad).toBeNull();
  });

  it('gives groups their own options', () => {
    const [a, b] = [parameter(1), parameter(1)];
    const sgd = new optim.SGD([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1 });
    grad(a, 1);
    grad(b, 1);
    sgd.step();
    expect(a.itemSync()).toBeCloseTo(0.9, 6);
    expect(b.itemSync()).toBeCloseTo(0.5, 6);
  });

  it.each([
    [{ lr: -1 }, /lr to be a finite number >= 0, got -1/],
    [{ lr: Number.NaN }, /lr to be .* got NaN/],
    [{ lr: '1' }, /lr to be .* got 1/],
    [{ lr: 1, momentum: -0.1 }, /momentum to be/],
    [{ lr: 1, weightDecay: -1 }, /weightDecay to be/],
    [{ lr: 1, nesterov: true }, /a momentum and no dampening with nesterov/],
    [{ lr: 1, momentum: 0.9, dampening: 0.1, nesterov: true }, /no dampening with nesterov/],
  ])('refuses %o', (options, message) => {
    expect(() => new optim.SGD([parameter(1)], options as never)).toThrow(message);
  });

  it.each([
    ['nothing', [], /at least one parameter, got none/],
    ['a tensor', [zeros], /parameters or groups/],
    ['null', null, /expected parameters, got null/],
  ])('refuses %s as parameters', (_name, params, message) => {
    expect(() => new optim.SGD(params as never, { lr: 1 })).toThrow(message);
  });

  it('refuses a parameter twice', () => {
    const p = parameter(1);
    expect(() => new optim.SGD([p, p], { lr: 1 })).toThrow(/each parameter once/);
  });
});

describe('Adam', () => {
  it('follows the formula', () => {
    const p = parameter(1);
    const adam = new optim.Adam([p], { lr: 0.1, weightDecay: 0.1 });
    let [value, m, v] = [1, 0, 0];
    for (let t = 1; t <= 4; t++) {
      grad(p, t);
      adam.step();
      const g = t + 0.1 * value;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      value -= ((0.1 / (1 - 0.9 ** t)) * m) / (Math.sqrt(v) / Math.sqrt(1 - 0.999 ** t) + 1e-8);
      expect(p.itemSync()).toBeCloseTo(value, 5);
    }
  });
  it.each([
    [{ betas: [1, 0.9] }, /betas\[0\] to be a number in \[0, 1\), got 1/],
    [{ betas: null }, /betas\[0\] to be .* got undefined/],
    [{ eps: -1 }, /eps to be/],
  ])('refuses %o', (options, message) => {
    expect(() => new optim.Adam([parameter(1)], options as never)).toThrow(message);
  });
});

describe('state', () => {
  it('goes on with the same numbers after a round trip', () => {
    const run = (p: Parameter, o: optim.Adam, from: number, to: number): void => {
      for (let t = from; t < to; t++) {
        grad(p, Math.sin(t), Math.cos(t));
        o.step();
      }
    };
    const a = parameter(1, 2);
    const first = new optim.Adam([a], { lr: 0.05 });
    run(a, first, 0, 3);
    const b = new Parameter(a.detach().clone());
    const second = new optim.Adam([b], { lr: 1 });
    second.loadStateDict(first.stateDict());
    run(a, first, 3, 6);
    run(b, second, 3, 6);
    expect([...b.dataSync()]).toEqual([...a.dataSync()]);
    expect(Object.keys(first.stateDict().state[0]).sort()).toEqual(['exp_avg', 'exp_avg_sq', 'step']);
  });

  it('refuses the state of another model and changes nothing', () => {
    const [a, b] = [parameter(1, 2), parameter(1, 2, 3)];
    const first = new optim.SGD([a], { lr: 1, momentum: 0.9 });
    grad(a, 1, 1);
    first.step();
    const second = new optim.SGD([b], { lr: 0.5, momentum: 0.9 });
    expect(() => second.loadStateDict(first.stateDict())).toThrow(/momentum_buffer of parameter 0 as a tensor \[3\], got \[2\]/);
    expect(second.paramGroups[0].lr).toBe(0.5);
    expect(second.stateDict().state).toEqual({});
    const two = new optim.SGD([a, b], { lr: 1 });
    expect(() => two.loadStateDict(first.stateDict())).toThrow(/groups of 2 parameters, got 1/);
  });

  it('refuses gradients that are in the graph', () => {
    const p = parameter(1);
    const g = p.mul(2) as Tensor;
    p.grad = g;
    expect(() => new optim.SGD([p], { lr: 1 }).step()).toThrow(/outside of the graph/);
  });
});
