import { BackendError, contiguousStrides, type TensorRef } from '@konv/core-tensor';
import { bufferOf, mergeAxes, texelsFor } from './buffer.js';
import type { Engine } from './engine.js';
import { formats, type TexelType } from './gl/formats.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';
import { MAX_AXES } from './lazy/load.js';

/** Textures up to this many texels are made anew as a whole: a copy of the rows and a second draw would cost more. */
const SMALL = 4096;

/**
 * Elements inside of the window come from `x`, all others from `old`. Whether an element is inside: axes are
 * (size, step, place) with the greatest step first, and each step is divided out; what is left over, or beyond the size of
 * an axis, lies between the window's elements.
 */
function build(type: TexelType): Kernel {
  const { scalar, vector } = formats[type];
  return {
    name: `window ${type}`,
    inputs: { x: type, old: type },
    output: type,
    uniforms: { offset: 'int', rank: 'int', axes: `ivec3[${MAX_AXES}]`, skipped: 'int' },
    body: `${scalar} pick(int e, ${scalar} kept) {
  int rest = e - offset;
  if (rest < 0) return kept;
  int at = x_at;
  for (int i = 0; i < rank; i++) {
    ivec3 axis = axes[i];
    int q = rest / axis.y;
    if (q >= axis.x) return kept;
    rest -= q * axis.y;
    at += q * axis.z;
  }
  return rest == 0 ? x_el(at) : kept;
}
void compute(int t) {
  ${vector} v = old_texel(t - skipped);
  int e = t << 2;
  out0 = ${vector}(pick(e, v.x), pick(e + 1, v.y), pick(e + 2, v.z), pick(e + 3, v.w));
}`,
  };
}

const kernels = { float32: build('float32'), int32: build('int32'), bool: build('bool') };

export function windowKernel(type: TexelType): Kernel {
  return kernels[type];
}

/** Axes by descending stride, with the place of each in the row-major source. Errors: `BackendError` where they interleave or are too many. */
function nested(out: TensorRef): readonly { readonly size: number; readonly step: number; readonly place: number }[] {
  const { shape, strides } = mergeAxes(out.shape, out.strides);
  const place = contiguousStrides(shape);
  const axes = shape.map((size, i) => ({ size, step: strides[i], place: place[i] })).filter((a) => a.size > 1);
  axes.sort((a, b) => b.step - a.step);
  if (axes.length > MAX_AXES) {
    throw new BackendError(
      'copyStrided',
      `expected a window of at most ${MAX_AXES} axes that do not lie behind one another, got shape [${out.shape.join(', ')}] ` +
        `with strides [${out.strides.join(', ')}]; write it in parts, select() by select() along an axis`,
    );
  }
  let span = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    if (axes[i].step < span) {
      throw new BackendError(
        'copyStrided',
        `expected a window whose axes do not interleave, got shape [${out.shape.join(', ')}] with strides [${out.strides.join(', ')}]; ` +
          'write to a contiguous copy',
      );
    }
    span += axes[i].step * (axes[i].size - 1);
  }
  if (axes.length === 0) axes.push({ size: 1, step: 1, place: 0 });
  return axes;
}

/** Writes `source` (row-major, of `out`'s shape) into a window that leaves other elements of its buffer as they are. */
export function writeWindow(engine: Engine, source: Texture, out: TensorRef): void {
  const buffer = bufferOf(out);
  const axes = nested(out);
  const kernel = windowKernel(source.type);
  const old = engine.textureOf(buffer);
  const uniforms = { offset: out.offset, rank: axes.length, axes: axes.flatMap((a) => [a.size, a.step, a.place]), skipped: 0 };
  const span = axes.reduce((sum, a) => sum + (a.size - 1) * a.step, 0);
  const first = (out.offset >> 2) >> old.shift;
  const end = (((out.offset + span) >> 2) >> old.shift) + 1;
  const texels = texelsFor(buffer.size);
  const few = 2 * (end - first) < Math.ceil(texels / 2 ** old.shift);
  if (engine.dry || texels <= SMALL || old.holders > 1 || !few) {
    const texture = engine.draw(kernel, texels, { inputs: { x: source, old }, uniforms });
    buffer.texture?.release();
    buffer.texture = texture;
    return;
  }
  // A draw may not read the texture that it writes: the rows concerned are copied out first.
  const rows = engine.copyRows(old, first, end);
  try {
    const operands = { inputs: { x: source, old: rows }, uniforms: { ...uniforms, skipped: first << old.shift } };
    engine.drawInto(kernel, old, operands, { first, end });
  } finally {
    rows.release();
  }
  old.host = null;
}
