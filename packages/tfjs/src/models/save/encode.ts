/** From values to the bytes of weights. */
import type { WeightSpec } from '../artifacts.js';
import { Uncovered } from '../refuse.js';

export type QuantizedDType = 'uint8' | 'uint16' | 'float16';

/** The bytes of a float32 weight, quantised or not, and what the manifest says of them. */
export function encodeWeight(
  name: string,
  values: Float32Array,
  shape: readonly number[],
  quantize: QuantizedDType | undefined,
): { spec: WeightSpec; bytes: Uint8Array } {
  const spec: WeightSpec = { name, shape: [...shape], dtype: 'float32' };
  if (quantize === undefined) return { spec, bytes: bytesOf(values) };
  if (quantize === 'float16')
    return { spec: { ...spec, quantization: { dtype: 'float16' } }, bytes: bytesOf(Uint16Array.from(values, floatToHalf)) };
  const { codes, scale, min } = quantized(values, quantize);
  return { spec: { ...spec, quantization: { dtype: quantize, scale, min } }, bytes: bytesOf(codes) };
}

function bytesOf(values: Float32Array | Uint8Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** q = round((v - min) / scale) with scale = (max - min) / (2^bits - 1): off by at most scale / 2. */
function quantized(values: Float32Array, dtype: 'uint8' | 'uint16'): { codes: Uint8Array | Uint16Array; scale: number; min: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const v of values) {
    if (!Number.isFinite(v)) throw new Uncovered(`a weight is ${v}, which ${dtype} cannot hold`);
    if (v < min) min = v;
    if (v > max) max = v;
  }
  const steps = dtype === 'uint8' ? 255 : 65535;
  // All the same: the code 0 stands for it.
  const scale = max > min ? (max - min) / steps : 1;
  const codes = dtype === 'uint8' ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) codes[i] = Math.min(Math.round((values[i] - min) / scale), steps);
  return { codes, scale, min: values.length === 0 ? 0 : min };
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The float16 next to v, ties to even; infinities and NaN as they are. */
function floatToHalf(v: number): number {
  float[0] = v;
  const bits = word[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const e = exponent - 112;
  // Below 2^-14 the steps are 2^-24 wide; below half of one is 0.
  if (e < 1) return e < -10 ? sign : sign | roundShift(fraction | 0x800000, 14 - e);
  const half = sign + (e << 10) + roundShift(fraction, 13);
  if ((half & 0x7c00) === 0x7c00 || e > 30) throw new Uncovered(`a weight is ${v}, which float16 cannot hold`);
  return half;
}

/** n / 2^by, to the nearest whole number, ties to even. */
function roundShift(n: number, by: number): number {
  const low = n >>> by;
  const rest = n - low * 2 ** by;
  const half = 2 ** (by - 1);
  return rest > half || (rest === half && (low & 1) === 1) ? low + 1 : low;
}
