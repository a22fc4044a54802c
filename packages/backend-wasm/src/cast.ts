import type { TensorRef } from '@konv/core-tensor';
import { mapKinds } from '@konv/wasm-kernels';
import { binary } from './binary.js';
import { copyStrided } from './copy.js';
import type { Engine } from './engine.js';
import { CHEAP, map } from './map.js';
import { where } from './where.js';

/** What is not 0 is true, NaN too; true is 1. */
export function cast(engine: Engine, x: TensorRef, out: TensorRef): void {
  if (x.dtype === out.dtype) copyStrided(engine, x, out);
  else if (out.dtype === 'bool') binary(engine, 'ne', x, 0, out);
  else if (x.dtype === 'bool') where(engine, x, 1, 0, out);
  else map(engine, out.dtype === 'int32' ? mapKinds.i32_fromFloat32 : mapKinds.f32_fromInt32, CHEAP, x.dtype, x, null, null, out);
}
