import type { Backend, ConvFamily, TensorRef } from '../backend.js';
import { dispatch, dispatchAll } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { ConvGeometry } from '../geometry.js';
import { sameShape, type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import type { ConvAttrs } from './catalogue.js';
import { decomposeConv, decomposeConvGradInput, decomposeConvGradWeight } from './conv-decompose.js';
import { defineNonDifferentiableOp, defineOp, type Op, type Operand, type OutputSpec } from './define-op.js';
import { sum } from './reduce.js';

interface GeometryAttrs {
  readonly geometry: ConvGeometry;
}

/** `[batch, inChannels, *inSize]` */
export function convInputShape(g: ConvGeometry): Shape {
  return [g.batch, g.inChannels, ...g.inSize];
}
/** `[outChannels, inChannels / groups, *kernel]` */
export function convWeightShape(g: ConvGeometry): Shape {
  return [g.outChannels, g.inChannels / g.groups, ...g.kernel];
}
/** `[batch, outChannels, *outSize]` */
export function convOutputShape(g: ConvGeometry): Shape {
  return [g.batch, g.outChannels, ...g.outSize];
}

/** Whether a backend that has the family serves the geometry with it. */
function servedBy(family: ConvFamily): (backend: Backend, attrs: GeometryAttrs) => boolean {
  return (backend, { geometry }) => backend.supportsConv === undefined || backend.supportsConv(family, geometry);
}

/** An operand must have the shape that the geometry says, and the first operand's float dtype. */
function expectOperand(op: string, name: string, x: Tensor, shape: Shape, first: Tensor): void {
  if (!sameShape(x.shape, shape)) {
    throw new ShapeError(op, `expected ${name} ${showShape(shape)}, got ${showShape(x.shape)}; it must match the geometry`);
  }
  if (x.dtype !== first.dtype || !isFloat(x.dtype)) {
    throw new DTypeError(op, `expected operands of one float dtype, got ${first.dtype} and ${x.dtype} (${name}); cast one`);
  }
}

export const convOp: Op<ConvAttrs> = defineOp('conv', {
  family: 'conv',
  accepts: servedBy('conv'),
  infer: (inputs, { geometry }) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
    expectOperand('conv', 'input', x, convInputShape(geometry), x);
    expectOperand('conv', 'weight', weight, convWeightShape(geometry), x);
    if (bias !== null) expectOperand('conv', 'bias', bias, [geometry.outChannels], x);
    return [{ shape: convOutputShape(geometry), dtype: x.dtype }];
  },
  kernel: (backend, [x, weight, bias], { geometry, activation }, [out]) =>
    backend.conv?.(x as TensorRef, weight as TensorRef, bias as TensorRef | null, geometry, activation, out),
  decompose: (inputs, attrs) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
    return decomposeConv(x, weight, bias, attrs);
  },
});

export const convGradInputOp: Op<GeometryAttrs> = defineOp('convGradInput', {
  family: 'convGradInput',
  accepts: servedBy('convGradInput'),
  infer: (inputs, { geometry }) => {
    const [dy, weight] = inputs as readonly Tensor[];
    expectOperand('convGradInput', 'dy', dy, convOutputShape(geometry), dy);
    expectOperand('convGradInput', 'weight', weight, convWeightShape(geometry), dy);
    return [{ shape: convInputShape(geometry), dtype: dy.dtype }];
  },
  kernel: (backend, [dy, weight], { geometry }, [out]) => backend.convGradInput?.(dy as TensorRef, weight as TensorRef, geometry, out),
  decompose: ([dy, weight], { geometry }) => decomposeConvGradInput(dy as Tensor, weight as Tensor, geometry),
});

export const convGradWeightOp: Op<GeometryAttrs> = defineOp('convGradWeight', {
  family: 'convGradWeight',
  accepts: servedBy('convGradWeight'),
  infer: (inputs, { geometry }) => {
    const [x, dy] = inputs as readonly Tensor[];
    expectOperand('convGradWeight', 'input', x, convInputShape(geometry), x);
    expectOperand('convGradWeight', 'dy', dy, convOutputShape(geometry), x);
    return [{ shape: convWeightShape(geometry), dtype: x.dtype }];
  },
  kernel: (backend, [x, dy], { geometry }, [out]) => backend.convGradWeight?.(x as TensorRef, dy as TensorRef, geometry, false, out),
  decompose: ([x, dy], { geometry }) => decomposeConvGradWeight(x as Tensor, dy as Tensor, geometry),
});

/** Which gradients are wanted. */
export interface ConvGradients {
  readonly dx: boolean;
  readonly dw: boolean;
  readonly db: boolean;
}
interface ConvBackwardAttrs extends GeometryAttrs {
  readonly want: ConvGradients;
}

/** The sum over everything but the channels: db of `conv`. */
function sumToBias(dy: Tensor): Tensor {
  return sum(dy, [0, 2, 3, 4]);
}

/** (x, weight, dy) -> those of dx, dw, db that are wanted, in this order. */
export const convBackwardOp: Op<ConvBackwardAttrs> = defineNonDifferentiableOp('convBackward', {
  family: 'convBackward',
  accepts: servedBy('convBackward'),
  infer: (inputs: readonly Operand[], { geometry, want }: ConvBackwardAttrs) => {
    const [x, weight, dy] = inputs as readonly Tensor[];
    const shapes = [convInputShape(geometry), convWeightShape(geometry)];
    expectOperand('convBackward', 'input', x, shapes[0], x);
    expectOperand('convBackward', 'weight', weight, shapes[1], x);
    expectOperand('convBackward', 'dy', dy, convOutputShape(geometry), x);
    const out: OutputSpec[] = [];
    if (want.dx) out.push({ shape: shapes[0], dtype: x.dtype });
    if (want.dw) out.push({ shape: shapes[1], dtype: x.dtype });
    if (want.db) out.push({ shape: [geometry.outChannels], dtype: x.dtype });
    return out;
  },
  kernel: (backend, [x, weight, dy], { geometry, want }, outs) => {
    let at = 0;
    backend.convBackward?.(x as TensorRef, weight as TensorRef, dy as TensorRef, geometry, {
      dx: want.dx ? outs[at++] : null,
      dw: want.dw ? outs[at++] : null,
      db: want.db ? outs[at++] : null,
    });
  },
  decompose: (inputs, { geometry, want }) => {
    const [x, weight, dy] = inputs as readonly Tensor[];
    const out: Tensor[] = [];
    if (want.dx) out.push(dispatch(convGradInputOp, [dy, weight], { geometry }));
    if (want.dw) out.push(dispatch(convGradWeightOp, [x, dy], { geometry }));
    if (want.db) out.push(sumToBias(dy));
    return out;
  },
});

/**
 * The gradients of `conv` that are wanted, in one pass where the backend has a kernel for it; null for the others.
 * x, weight and dy in the 5-D form of the geometry. Not differentiable: second derivatives go through `convGradInput`
 * and `convGradWeight`.
 */
export function convBackward(
  x: Tensor,
  weight: Tensor,
  dy: Tensor,
  geometry: ConvGeometry,
  want: ConvGradients,
): { dx: Tensor | null; dw: Tensor | null; db: Tensor | null } {
  const made = dispatchAll(convBackwardOp, [x, weight, dy], { geometry, want });
  let at = 0;
  return {
    dx: want.dx ? made[at++] : null,
    dw: want.dw ? made[at++] : null,
    db: want.db ? made[at++] : null,
  };
}
