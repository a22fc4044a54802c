import { type ActivationKind, dispatch, matmulOp, reluGrad, reshape, sigmoidGrad, sum, tanhGrad, type Tensor } from '@konv/core-tensor';
import { A, B, NOTHING, type RuleTable } from '../rule.js';
import { shapeOf } from './names.js';
import { sumTo } from './sum-to.js';

/** The gradient before a fused activation, from the one after it and the output. */
export function beforeActivation(dy: Tensor, y: () => Tensor, activation: ActivationKind | null): Tensor {
  switch (activation) {
    case 'relu':
      return reluGrad(dy, y());
    case 'sigmoid':
      return sigmoidGrad(dy, y());
    case 'tanh':
      return tanhGrad(dy, y());
    case null:
      return dy;
  }
}

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return dispatch(matmulOp, [a, b], { transposeA, transposeB });
}

/** The product of two matrices, stored transposed where said. */
function product2d(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const y = product(reshape(a, [1, ...a.shape]), reshape(b, [1, ...b.shape]), transposeA, transposeB);
  return reshape(y, y.shape.slice(1));
}

export const linearAlgebraRules: Pick<RuleTable, 'matmul' | 'linear'> = {
  // y = a' b', where a' is a or its transpose: da' = dy b'^T and db' = a'^T dy. The gradient of a stored transpose is
  // the transpose of that: da = b' dy^T and db = dy^T a'.
  matmul: {
    name: (node) => (shapeOf(node.inputs[0])[0] === 1 && shapeOf(node.inputs[1])[0] === 1 ? 'MmBackward0' : 'BmmBackward0'),
    saves: [B, A],
    each: [
      (c, dy) => {
        const { transposeA, transposeB } = c.attrs;
        const b = c.input(1);
        return sumTo(transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB), c.shape(0));
      },
      (c, dy) => {
        const { transposeA, transposeB } = c.attrs;
        const a = c.input(0);
        return sumTo(transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false), c.shape(1));
      },
    ],
  },
  // y = x w^T + b: dx = dy w, dw = dy^T x, db = the sum of dy over the rows
  linear: {
    name: 'AddmmBackward0',
    saves: [B, A, NOTHING],
    savesOutputs: [A, A, A],
    savesOutputsIf: ({ activation }) => activation !== null,
    all: (c, dy) => {
      const g = beforeActivation(dy, () => c.output(0), c.attrs.activation);
      return [
        c.needs[0] ? product2d(g, c.input(1), false, false) : null,
        c.needs[1] ? product2d(g, c.input(0), true, false) : null,
        c.needs[2] ? sum(g, 0) : null,
      ];
    },
  },
};
