import type { TensorRef } from '@konv/core-tensor';
import { mapKinds } from '@konv/wasm-kernels';
import type { Engine } from './engine.js';
import { CHEAP, map } from './map.js';

export function where(engine: Engine, condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const kind = out.dtype === 'bool' ? mapKinds.u8_where : mapKinds.w32_where;
  map(engine, kind, CHEAP, out.dtype, condition, a, b, out);
}
