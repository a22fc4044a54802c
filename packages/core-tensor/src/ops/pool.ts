import type { PoolKind, TensorRef } from '../backend.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { PoolGeometry } from '../geometry.js';
import { sameShape, type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { defineOp, type Op, type Operand } from './define-op.js';
import {
  decomposeAvgPool,
  decomposeAvgPoolGrad,
  decomposeMaxPool,
  decomposeMaxPoolGather,
  decomposeMaxPoolGrad,
} from './pool-decompose.js';

interface PoolAttrs {
  readonly geometry: PoolGeometry;
}

/** `[batch, channels, *inSize]` */
export function poolInputShape(g: PoolGeometry): Shape {
  return [g.batch, g.channels, ...g.inSize];
}
/** `[batch, channels, *outSize]` */
export function poolOutputShape(g: PoolGeometry): Shape {
  return [g.batch, g.channels, ...g.outSize];
}

function expectFloats(op: string, input: Operand, shape: Shape): Tensor {
  const x = input as Tensor;
  if (!isFloat(x.dtype)) throw new DTypeError(op, `expected floats, got ${x.dtype}; use cast('float32') first`);
  if (!sameShape(x.shape, shape)) throw new ShapeError(op, `expected ${showShape(shape)} as of the geometry, got ${showShape(x.shape)}`);
  return x;
}

function expectIndices(op: string, input: Operand, g: PoolGeometry): Tensor {
  const indices = input as Tensor;
  if (indices.dtype === 'int32' && sameShape(indices.shape, poolOutputShape(g))) return indices;
  const got = `${indices.dtype} ${showShape(indices.shape)}`;
  throw new ShapeError(op, `expected int32 indices ${showShape(poolOutputShape(g))}, got ${got}; pass those of maxPool`);
}

/** (x) -> (y, indices) */
export const maxPoolOp: Op<PoolAttrs> = defineOp('maxPool', {
  family: 'pool',
  kind: 'max',
  infer: ([input], { geometry }) => {
    const x = expectFloats('maxPool', input, poolInputShape(geometry));
    const shape = poolOutputShape(geometry);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  kernel: (backend, [x], { geometry }, [out, indices]) => backend.pool?.('max', x as TensorRef, geometry, out, indices),
  decompose: ([x], { geometry }) => decomposeMaxPool(x as Tensor, geometry),
});

/** (x) -> y */
export const avgPoolOp: Op<PoolAttrs> = defineOp('avgPool', {
  family: 'pool',
  kind: 'avg',
  infer: ([input], { geometry }) => {
    const x = expectFloats('avgPool', input, poolInputShape(geometry));
    return [{ shape: poolOutputShape(geometry), dtype: x.dtype }];
  },
  kernel: (backend, [x], { geometry }, [out]) => backend.pool?.('avg', x as TensorRef, geometry, out, null),
  decompose: ([x], { geometry }) => decomposeAvgPool(x as Tensor, geometry),
});

function gradOp(
  name: 'maxPoolGrad' | 'avgPoolGrad',
  kind: PoolKind,
  decompose: (dy: Tensor, indices: Tensor, g: PoolGeometry) => Tensor,
): Op<PoolAttrs> {
  return defineOp(name, {
    family: 'poolGrad',
    kind,
    infer: ([dy, indices], { geometry }) => {
      const { dtype } = expectFloats(name, dy, poolOutputShape(geometry));
      if (kind === 'max') expectIndices(name, indices, geometry);
      return [{ shape: poolInputShape(geometry), dtype }];
    },
    kernel: (backend, [dy, indices], { geometry }, [out]) =>
      backend.poolGrad?.(kind, dy as TensorRef, kind === 'max' ? (indices as TensorRef) : null, geometry, out),
    decompose: ([dy, indices], { geometry }) => decompose(dy as Tensor, indices as Tensor, geometry),
  });
}

/** (dy, indices) -> dx */
export const maxPoolGradOp: Op<PoolAttrs> = gradOp('maxPoolGrad', 'max', decomposeMaxPoolGrad);
/** (dy) -> dx */
export const avgPoolGradOp: Op<PoolAttrs> = gradOp('avgPoolGrad', 'avg', (dy, _indices, g) => decomposeAvgPoolGrad(dy, g));

/** (x-shaped values, indices) -> y-shaped: the values at the positions of the maxima. The adjoint of `maxPoolGrad`. */
export const maxPoolGatherOp: Op<PoolAttrs> = defineOp('maxPoolGather', {
  infer: ([x, indices], { geometry }) => {
    const { dtype } = expectFloats('maxPoolGather', x, poolInputShape(geometry));
    expectIndices('maxPoolGather', indices, geometry);
    return [{ shape: poolOutputShape(geometry), dtype }];
  },
  decompose: ([x, indices], { geometry }) => decomposeMaxPoolGather(x as Tensor, indices as Tensor, geometry),
});
