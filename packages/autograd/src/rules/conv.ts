import { convBackward, type ConvGeometry, convGradInputOp, convGradWeightOp, convOp, dispatch, sum, type Tensor } from '@konv/core-tensor';
import { A, B, NOTHING, type RuleTable } from '../rule.js';
import { beforeActivation } from './linear-algebra.js';

/*
 * A convolution y = conv(x, w) is linear in x and in w. So are its two adjoints, dx = convGradInput(dy, w) and
 * dw = convGradWeight(x, dy); all three are one trilinear form T(x, w, dy) = sum of y dy, differentiated by x, by w or
 * by dy. Hence the gradient of any of the three with respect to an operand is another of the three, with the incoming
 * gradient put in the place of the op's own output:
 *
 *   op                       incoming takes the place of    gradients
 *   conv(x, w) = y           dy                             dx = convGradInput(dy, w)   dw = convGradWeight(x, dy)
 *   convGradInput(dy, w)     x                              d(dy) = conv(x, w)          dw = convGradWeight(x, dy)
 *   convGradWeight(x, dy)    w                              dx = convGradInput(dy, w)   d(dy) = conv(x, w)
 *
 * Stride, padding, dilation and groups are all in the geometry, which stays the same.
 */
function conv(x: Tensor, weight: Tensor, geometry: ConvGeometry): Tensor {
  return dispatch(convOp, [x, weight, null], { geometry, activation: null });
}
function convGradInput(dy: Tensor, weight: Tensor, geometry: ConvGeometry): Tensor {
  return dispatch(convGradInputOp, [dy, weight], { geometry });
}
function convGradWeight(x: Tensor, dy: Tensor, geometry: ConvGeometry): Tensor {
  return dispatch(convGradWeightOp, [x, dy], { geometry });
}

export const convRules: Pick<RuleTable, 'conv' | 'convGradInput' | 'convGradWeight'> = {
  conv: {
    name: 'ConvolutionBackward0',
    saves: [B, A, NOTHING],
    savesOutputs: [A, A, A],
    savesOutputsIf: ({ activation }) => activation !== null,
    all: (c, dy) => {
      const { geometry, activation } = c.attrs;
      const [dx, dw, db] = [c.needs[0], c.needs[1], c.needs[2] === true];
      const g = beforeActivation(dy, () => c.output(0), activation);
      if (dx && dw && !c.createGraph) {
        const all = convBackward(c.input(0), c.input(1), g, geometry, { dx, dw, db });
        return [all.dx, all.dw, all.db];
      }
      return [
        dx ? convGradInput(g, c.input(1), geometry) : null,
        dw ? convGradWeight(c.input(0), g, geometry) : null,
        db ? sum(g, [0, 2, 3, 4]) : null,
      ];
    },
  },
  // Most often seen as the forward of a transposed convolution.
  convGradInput: {
    name: 'ConvolutionBackward0',
    saves: [B, A],
    each: [(c, x) => conv(x, c.input(1), c.attrs.geometry), (c, x) => convGradWeight(x, c.input(0), c.attrs.geometry)],
  },
  convGradWeight: {
    name: 'ConvolutionBackwardBackward0',
    saves: [B, A],
    each: [(c, w) => convGradInput(c.input(1), w, c.attrs.geometry), (c, w) => conv(c.input(0), w, c.attrs.geometry)],
  },
};
