import { batchNormBackward, dispatch, eq, exp, ge, lt, mul, neg, reshape, scatterAddOp, sub, sum, where } from '@konv/core-tensor';
import { A, B, C, NOTHING, type RuleTable } from '../rule.js';

export const fusedRules: Pick<RuleTable, 'softmax' | 'logSoftmax' | 'crossEntropy' | 'batchNormTrain'> = {
  // y = e^x / S: dx = y (dy - sum of dy y)
  softmax: {
    name: 'SoftmaxBackward0',
    savesOutputs: [A],
    each: [
      (c, dy) => {
        const y = c.output(0);
        return mul(y, sub(dy, sum(mul(dy, y), 1, true)));
      },
    ],
  },
  // y = x - ln S: dx = dy - e^y sum of dy
  logSoftmax: {
    name: 'LogSoftmaxBackward0',
    savesOutputs: [A],
    each: [(c, dy) => sub(dy, mul(exp(c.output(0)), sum(dy, 1, true)))],
  },
  // loss = -logSoftmax(x)[target]: dx = dy (softmax(x) - 1 at the target), 0 in ignored rows, and NaN, as the loss, for
  // a target out of range.
  crossEntropy: {
    name: 'NllLossBackward0',
    fused: true,
    saves: [B, NOTHING],
    savesOutputs: [B, NOTHING],
    all: (c, dy) => {
      const logProbabilities = c.output(1);
      const [rows, classes] = logProbabilities.shape;
      const target = reshape(c.input(1), [rows, 1]);
      const known = mul(ge(target, 0), lt(target, classes));
      const g = where(eq(target, c.attrs.ignoreIndex), 0, where(known, reshape(dy, [rows, 1]), Number.NaN));
      return [dispatch(scatterAddOp, [mul(exp(logProbabilities), g), target, neg(g)], { axis: 1 }), null];
    },
  },
  // Over the n values of a channel, with x' = (x - mean) invStd: db = sum of dy, dw = sum of dy x',
  // dx = weight invStd (dy - db / n - x' dw / n). Mean and invStd depend on x, hence the last two terms.
  batchNormTrain: {
    name: 'NativeBatchNormBackward0',
    fused: true,
    saves: [A | B, A, A],
    savesOutputs: [B | C, B | C, B | C],
    all: (c, dy) => {
      const want = { dw: c.needs[1], db: c.needs[2] };
      const weight = c.needs[0] && c.has(1) ? c.input(1) : null;
      const { dx, dw, db } = batchNormBackward(c.input(0), dy, weight, c.output(1), c.output(2), want);
      return [c.needs[0] ? dx : null, dw, db];
    },
  },
};
