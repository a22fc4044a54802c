import type { TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import { choice, placeSource, placeUniforms } from './scatter-place.js';
import { sortedPairs } from './sort.js';

const kernels = new Map<string, Kernel>();

/**
 * `scatterAdd` where one list of indices serves all, as of the rows of an embedding. The list is sorted, as pairs (index,
 * position), so that an element finds what is meant for it by bisection, in the order of the list.
 *
 *     sorted   (0, 2) (0, 7) (1, 3) (4, 0) (4, 1) (4, 9) ...       two pairs a texel
 *     want 4:                       ^ find(4), and on while the index is 4
 */
function kernelFor(type: TexelType, rank: number): Kernel {
  const name = `scatter sorted ${type} ${rank}`;
  let kernel = kernels.get(name);
  if (kernel) return kernel;
  const { scalar, vector } = formats[type];
  const total = (result: string, term: string): string => `  ${result} sum = ${result}(0), block = ${result}(0);
  int i = find(want), n = 1;
  for (ivec2 p = pair(i); i < count && p.x == want; p = pair(++i), n++) {
    block += ${term};
    if ((n & 255) == 0) {
      sum += block;
      block = ${result}(0);
    }
  }
  return sum + block;`;
  kernel = {
    name,
    inputs: { sorted: 'int32', source: type, old: type },
    output: type,
    uniforms: { ...placeUniforms(rank), along: 'ivec2', count: 'int', same: 'int' },
    body: `${placeSource(rank)}
ivec2 pair(int i) {
  ivec4 both = sorted_texel(i >> 1);
  return (i & 1) == 0 ? both.xy : both.zw;
}
int find(int want) {
  int low = 0, high = count;
  while (low < high) {
    int mid = (low + high) >> 1;
    if (pair(mid).x < want) low = mid + 1;
    else high = mid;
  }
  return low;
}
${scalar} one(int want, int s) {
${total(scalar, 'source_el(s + p.y * along.y)')}
}
${vector} four(int want, int s) {
${total(vector, 'source_four(s + p.y * along.y)')}
}
void compute(int t) {
  ivec4 i = ivec4(0), s = ivec4(source_at), want, inside;
  place(t, i, s, want, inside);
  ${vector} sum;
  if (same != 0) sum = four(want.x, s.x);
  else sum = ${vector}(one(want.x, s.x), one(want.y, s.y), one(want.z, s.z), one(want.w, s.w));
  out0 = old_four(old_at + (t << 2)) + ${choice(type, 'sum', 'notEqual(inside, ivec4(0))')};
}`,
  };
  kernels.set(name, kernel);
  return kernel;
}

export interface SharedList {
  readonly rank: number;
  readonly count: number;
  /** Those of `placeUniforms`, `along`, `count`, and `same`: four elements have one index and their sources are together. */
  readonly uniforms: Readonly<Record<string, UniformValue>>;
}

export function scatterSorted(
  engine: Engine,
  index: TensorRef,
  source: TensorRef,
  { rank, count, uniforms }: SharedList,
  out: TensorRef,
): void {
  const list: TensorRef = { ...index, shape: [count], strides: [1] };
  const sorted = sortedPairs(engine, list, 1, count, false);
  try {
    engine.compute(kernelFor(texelType(out.dtype), rank), { inputs: { sorted, source, old: out }, uniforms }, out);
  } finally {
    sorted.release();
  }
}
