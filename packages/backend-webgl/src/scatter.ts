import { contiguousStrides, sizeOf, type TensorRef } from '@konv/core-tensor';
import { mergeLoop } from './axes.js';
import { texelsFor } from './buffer.js';
import type { Engine } from './engine.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';
import { choice, placeSource, placeUniforms } from './scatter-place.js';
import { scatterSorted } from './scatter-sorted.js';

/** Invocations that keep a GPU busy: with fewer elements than these the walks over the indices are cut in slices. */
const BUSY = 1 << 16;
/** Indices of a slice, at least. */
const SHORTEST = 64;
/** Slices that one invocation adds up. */
const FAN = 16;
/** Where one list serves all, and walks would be as many and as long as this, it is sorted first. */
const MANY = 4096;
const LONG = 1 << 21;

const kernels = new Map<string, Kernel>();

/**
 * There are no atomic additions: each element of `out` walks over its list of indices and adds what is meant for it, in
 * their order. Long lists are cut in slices, walked side by side.
 *
 *     t = slice * texels + texel of out         four elements an invocation
 *     index, along the axis   [ 3 0 1 3 | 2 2 0 1 | ...     slices of `span`
 *     want                    the element's position along the axis: compared with each index
 *
 * Terms are summed up in blocks of 256, so that rounding errors of a long list stay small. `same`: the four elements have
 * one list. Elements beyond the bounds of `index` on other axes get nothing.
 */
function walkKernel(type: TexelType, rank: number): Kernel {
  const name = `scatter ${type} ${rank}`;
  let kernel = kernels.get(name);
  if (kernel) return kernel;
  const { vector } = formats[type];
  const chosen = (v: string, c: string): string => choice(type, v, c);
  kernel = {
    name,
    inputs: { index: 'int32', source: type, old: type },
    output: type,
    uniforms: {
      ...placeUniforms(rank),
      along: 'ivec2',
      texels: 'int',
      count: 'int',
      span: 'int',
      same: 'int',
      whole: 'int',
    },
    body: `${placeSource(rank)}
void compute(int t) {
  int slice = t / texels;
  ivec4 i = ivec4(index_at), s = ivec4(source_at), want, inside;
  place(t - slice * texels, i, s, want, inside);
  int j = slice * span, end = min(j + span, count);
  ${vector} sum = ${vector}(0);
  while (j < end) {
    ${vector} block = ${vector}(0);
    for (int stop = min(j + 256, end); j < stop; j++) {
      ivec4 p = i + j * along.x, q = s + j * along.y;
      ivec4 k = ivec4(index_el(p.x));
      if (same == 0) k.yzw = ivec3(index_el(p.y), index_el(p.z), index_el(p.w));
      bvec4 hit = equal(k, want);
      if (any(hit)) block += ${chosen(`${vector}(source_el(q.x), source_el(q.y), source_el(q.z), source_el(q.w))`, 'hit')};
    }
    sum += block;
  }
  sum = ${chosen('sum', 'notEqual(inside, ivec4(0))')};
  out0 = whole != 0 ? sum + old_four(old_at + (t << 2)) : sum;
}`,
  };
  kernels.set(name, kernel);
  return kernel;
}

/** The sum of 16 slices; of the last of them, and what was there before (`whole`). */
function addKernel(type: TexelType): Kernel {
  const name = `scatter add ${type}`;
  let kernel = kernels.get(name);
  if (kernel) return kernel;
  const { vector } = formats[type];
  kernel = {
    name,
    inputs: { parts: type, old: type },
    output: type,
    uniforms: { texels: 'int', slices: 'int', whole: 'int' },
    body: `void compute(int t) {
  int group = t / texels, first = group * ${FAN}, end = min(first + ${FAN}, slices);
  int at = t - group * texels + first * texels;
  ${vector} sum = ${vector}(0);
  for (int i = first; i < end; i++, at += texels) sum += parts_texel(at);
  out0 = whole != 0 ? sum + old_four(old_at + (t << 2)) : sum;
}`,
  };
  kernels.set(name, kernel);
  return kernel;
}

export function scatterAdd(engine: Engine, index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void {
  const type = texelType(out.dtype);
  const strides = contiguousStrides(source.shape);
  const axes = mergeLoop(
    out.shape.map((size, i) => {
      const apart = i === axis;
      return { size, steps: apart ? [0, 0] : [index.strides[i], strides[i]], bound: apart ? size : index.shape[i], apart };
    }),
  );
  const texels = texelsFor(sizeOf(out.shape));
  const count = index.shape[axis] ?? 1;
  const last = axes[axes.length - 1];
  const uniforms = {
    size: axes.map((a) => a.size),
    move: axes.flatMap((a) => a.steps),
    mark: axes.map((a) => Number(a.apart === true)),
    bound: axes.map((a) => a.bound ?? a.size),
    along: [index.strides[axis] ?? 0, strides[axis] ?? 0],
    count,
    same: Number(last.size % 4 === 0 && last.steps[0] === 0),
  };
  const oneList = index.strides[axis] === 1 && axes.every((a) => a.steps[0] === 0);
  if (oneList && texels >= MANY && texels * count > LONG) {
    const together = last.size % 4 === 0 && !last.apart && last.steps[1] === 1;
    scatterSorted(engine, index, source, { rank: axes.length, count, uniforms: { ...uniforms, same: Number(together) } }, out);
    return;
  }
  const slices = Math.max(1, Math.min(Math.ceil(BUSY / texels), Math.ceil(count / SHORTEST)));
  const span = Math.ceil(count / slices);
  const cut = { ...uniforms, texels, span, whole: Number(slices === 1) };
  let parts = engine.draw(walkKernel(type, axes.length), texels * slices, { inputs: { index, source, old: out }, uniforms: cut });
  for (let n = slices; n > 1; n = Math.ceil(n / FAN)) parts = addUp(engine, parts, n, texels, out);
  engine.put(out, parts);
}

/** One step of the sum over slices: takes `parts` over. */
function addUp(engine: Engine, parts: Texture, slices: number, texels: number, old: TensorRef): Texture {
  try {
    const groups = Math.ceil(slices / FAN);
    const uniforms = { texels, slices, whole: Number(groups === 1) };
    return engine.draw(addKernel(parts.type), texels * groups, { inputs: { parts, old }, uniforms });
  } finally {
    parts.release();
  }
}
