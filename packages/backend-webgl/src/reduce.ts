import type { ReduceKind, TensorRef } from '@konv/core-tensor';
import { copyStrided } from './elementwise.js';
import type { Engine, Input } from './engine.js';
import { foldOf, laneSource } from './fold.js';
import { define } from './gl/define.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import { columnSpan, mergeFates, rowSpan } from './reduce-plan.js';

/** Steps that are folded by themselves before they join the others: keeps chains of roundings short. */
const BLOCK = 32;

/**
 * Along the last axis, together with an axis in front of all others: x [R0, K, R1] to out [K, splits].
 *
 *     x      r0 = 0   | k = 0: 0 1 2 3 | 4 5 6 _ |   k = 1: ...     quads of a row; lanes beyond the row are neutral
 *            r0 = 1   | k = 0: 0 1 2 3 | 4 5 6 _ |   k = 1: ...
 *     out    texel t = results 4t to 4t + 3; result k * splits + s is the fold of `span` quads of k, from s * span on,
 *            counted through all of its rows
 */
function rowsKernel(kind: ReduceKind, type: TexelType): Kernel {
  const { vector, scalar } = formats[type];
  const { source, neutral } = foldOf(kind, type);
  return define(`reduce rows ${kind} ${type}`, () => ({
    inputs: { x: type },
    output: type,
    uniforms: { length: 'int', row_quads: 'int', quads: 'int', outer: 'int', span: 'int', splits: 'int' },
    body: `${source}
${laneSource(type, neutral)}
${scalar} result(int e) {
  int k = e / splits;
  int q = (e - k * splits) * span;
  int end = min(q + span, quads);
  int r0 = q / row_quads;
  int j = (q - r0 * row_quads) << 2;
  int base = x_at + k * length + r0 * outer;
  ${vector} all = ${neutral};
  while (q < end) {
    int stop = min(q + ${BLOCK}, end);
    ${vector} part = ${neutral};
    for (; q < stop; q++) {
      part = fold(part, leading(x_four(base + j), length - j));
      j += 4;
      if (j >= length) { j = 0; base += outer; }
    }
    all = fold(all, part);
  }
  return across(all);
}
void compute(int t) {
  ${vector} v;
  for (int l = 0; l < 4; l++) v[l] = result((t << 2) + l);
  out0 = v;
}`,
  }));
}

/**
 * Along an axis before the last: x [outer, n, inner] to out [outer, splits, inner], where rows of `inner` are rounded up to
 * whole texels in scratch.
 *
 *     out    texel t = (o, s, w): four neighbours of a row, each the fold of `span` values above one another in x
 */
function columnsKernel(kind: ReduceKind, type: TexelType): Kernel {
  const { vector } = formats[type];
  const { source, neutral } = foldOf(kind, type);
  return define(`reduce columns ${kind} ${type}`, () => ({
    inputs: { x: type },
    output: type,
    uniforms: { n: 'int', width: 'int', step: 'int', block: 'int', span: 'int', splits: 'int' },
    body: `${source}
void compute(int t) {
  int rest = t / width;
  int o = rest / splits;
  int i = (rest - o * splits) * span;
  int end = min(i + span, n);
  int at = x_at + o * block + i * step + ((t - rest * width) << 2);
  ${vector} all = ${neutral};
  while (i < end) {
    int stop = min(i + ${BLOCK}, end);
    ${vector} part = ${neutral};
    for (; i < stop; i++, at += step) part = fold(part, x_four(at));
    all = fold(all, part);
  }
  out0 = all;
}`,
  }));
}

/** As `columns` in one go, for rows that are no whole texels: each lane of a texel has a column of its own. */
function lanesKernel(kind: ReduceKind, type: TexelType): Kernel {
  const { vector } = formats[type];
  const { source, neutral } = foldOf(kind, type);
  return define(`reduce lanes ${kind} ${type}`, () => ({
    inputs: { x: type },
    output: type,
    uniforms: { n: 'int', inner: 'int', step: 'int', block: 'int' },
    body: `${source}
int start(int e) {
  int o = e / inner;
  return x_at + o * block + e - o * inner;
}
void compute(int t) {
  int e = t << 2;
  ivec4 at = ivec4(start(e), start(e + 1), start(e + 2), start(e + 3));
  ${vector} all = ${neutral};
  for (int i = 0; i < n;) {
    int stop = min(i + ${BLOCK}, n);
    ${vector} part = ${neutral};
    for (; i < stop; i++, at += step) part = fold(part, ${vector}(x_el(at.x), x_el(at.y), x_el(at.z), x_el(at.w)));
    all = fold(all, part);
  }
  out0 = all;
}`,
  }));
}

/** One draw: what it writes has `texels`; the last of a reduction writes the result. */
interface Pass {
  readonly kernel: Kernel;
  readonly uniforms: Readonly<Record<string, UniformValue>>;
  readonly texels: number;
}

function rowPasses(kind: ReduceKind, type: TexelType, outer: number, kept: number, length: number): Pass[] {
  const kernel = rowsKernel(kind, type);
  const passes: Pass[] = [];
  for (let [r0, n] = [outer, length]; ; ) {
    const rowQuads = Math.ceil(n / 4);
    const quads = r0 * rowQuads;
    const span = rowSpan(quads, kept);
    const splits = Math.ceil(quads / span);
    const uniforms = { length: n, row_quads: rowQuads, quads, outer: kept * n, span, splits };
    passes.push({ kernel, uniforms, texels: Math.ceil((kept * splits) / 4) });
    if (splits === 1) return passes;
    [r0, n] = [1, splits];
  }
}

function columnPasses(kind: ReduceKind, type: TexelType, outer: number, length: number, inner: number): Pass[] {
  const width = Math.ceil(inner / 4);
  const dense = inner % 4 === 0 || outer === 1;
  const passes: Pass[] = [];
  let [n, step] = [length, inner];
  for (;;) {
    const block = n * step;
    const span = columnSpan(n, outer * width);
    const splits = Math.ceil(n / span);
    if (splits === 1 && !dense) {
      passes.push({
        kernel: lanesKernel(kind, type),
        uniforms: { n, inner, step, block },
        texels: Math.ceil((outer * inner) / 4),
      });
      return passes;
    }
    const uniforms = { n, width, step, block, span, splits };
    passes.push({ kernel: columnsKernel(kind, type), uniforms, texels: outer * splits * width });
    if (splits === 1) return passes;
    [n, step] = [splits, width * 4];
  }
}

/** All draws of a reduction: axes of one fate are merged, the innermost reduced axis goes first. */
function passesOf(kind: ReduceKind, type: TexelType, shape: readonly number[], axes: readonly number[]): Pass[] {
  const passes: Pass[] = [];
  let merged = mergeFates(shape, axes);
  for (;;) {
    const at = merged.map((a) => a.reduced).lastIndexOf(true);
    if (at < 0) return passes;
    const sizes = merged.map((a) => a.size);
    const before = sizes.slice(0, at).reduce((a, b) => a * b, 1);
    const n = sizes[at];
    if (at < merged.length - 1) {
      passes.push(...columnPasses(kind, type, before, n, sizes[at + 1]));
    } else if (merged.length === 3 && merged[0].reduced) {
      passes.push(...rowPasses(kind, type, sizes[0], sizes[1], n));
      return passes;
    } else {
      passes.push(...rowPasses(kind, type, 1, before, n));
    }
    const left = merged.filter((_, i) => i !== at);
    merged = mergeFates(
      left.map((a) => a.size),
      left.flatMap((a, i) => (a.reduced ? [i] : [])),
    );
  }
}

/** `axes` in log steps: every pass folds some dozens of values into one, until one is left. */
export function reduce(engine: Engine, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  const passes = passesOf(kind, texelType(x.dtype), x.shape, axes);
  if (passes.length === 0) return copyStrided(engine, x, out);
  const last = passes.pop() as Pass;
  let input: Input = x;
  try {
    for (const { kernel, uniforms, texels } of passes) {
      const partial = engine.draw(kernel, texels, { inputs: { x: input }, uniforms });
      if (input !== x) (input as typeof partial).release();
      input = partial;
    }
    engine.compute(last.kernel, { inputs: { x: input }, uniforms: last.uniforms }, out);
  } finally {
    if (input !== x && 'release' in input) input.release();
  }
}
