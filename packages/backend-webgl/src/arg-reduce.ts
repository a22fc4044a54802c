import { type ArgReduceKind, type TensorRef, sizeOf } from '@konv/core-tensor';
import { texelsFor } from './buffer.js';
import type { Engine, Input } from './engine.js';
import { define } from './gl/define.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import { columnSpan, rowSpan } from './reduce-plan.js';

/** `wins(v, best)`: whether `v`, which comes later, takes the place of `best`. The first NaN wins, of equals the first. */
function winsSource(kind: ArgReduceKind, type: TexelType): string {
  const sign = kind === 'argmax' ? '>' : '<';
  if (type !== 'float32') return `bool wins(int v, int best) { return v ${sign} best; }`;
  return `bool is_nan(float x) { return (floatBitsToInt(x) & 0x7fffffff) > 0x7f800000; }
bool wins(float v, float best) { return !is_nan(best) && (is_nan(v) || v ${sign} best); }`;
}

/** A result for each of the four lanes of a texel. */
const fourResults = `void compute(int t) {
  ivec4 v;
  for (int l = 0; l < 4; l++) v[l] = result((t << 2) + l);
  out0 = v;
}`;

/**
 * Along the last axis: x [kept, n] to positions [kept, splits].
 *
 *     out    texel t = results 4t to 4t + 3; result k * splits + s looks at `span` quads of row k, from s * span on
 */
function rowsKernel(kind: ArgReduceKind, type: TexelType): Kernel {
  const { scalar, vector } = formats[type];
  return define(`${kind} rows ${type}`, () => ({
    inputs: { x: type },
    output: 'int32',
    uniforms: { n: 'int', span: 'int', splits: 'int' },
    body: `${winsSource(kind, type)}
int result(int e) {
  int k = e / splits;
  int i = (e - k * splits) * span * 4;
  int base = x_at + k * n;
  int end = min(i + span * 4, n);
  int at = i;
  ${scalar} best = x_el(base + i);
  for (; i < end; i += 4) {
    ${vector} v = x_four(base + i);
    if (wins(v.x, best)) { best = v.x; at = i; }
    if (i + 1 < end && wins(v.y, best)) { best = v.y; at = i + 1; }
    if (i + 2 < end && wins(v.z, best)) { best = v.z; at = i + 2; }
    if (i + 3 < end && wins(v.w, best)) { best = v.w; at = i + 3; }
  }
  return at;
}
${fourResults}`,
  }));
}

/**
 * Along any axis: x [outer, n, inner] to positions [outer, splits, inner], each the winner of `span` elements.
 *
 * `later`: the candidates are those of the pass before, positions [outer, m, inner]; their values are looked up in x.
 */
function columnsKernel(kind: ArgReduceKind, type: TexelType, later: boolean): Kernel {
  const { scalar } = formats[type];
  return define(`${kind} ${later ? 'candidates' : 'columns'} ${type}`, () => ({
    inputs: { x: type, ...(later ? { candidates: 'int32' as const } : {}) } as Kernel['inputs'],
    output: 'int32',
    uniforms: { n: 'int', m: 'int', inner: 'int', span: 'int', splits: 'int' },
    body: `${winsSource(kind, type)}
int result(int e) {
  int rest = e / inner;
  int j = e - rest * inner;
  int o = rest / splits;
  int i = (rest - o * splits) * span;
  int end = min(i + span, m);
  int base = x_at + o * n * inner + j;
  int at = ${later ? 'candidates_el((o * m + i) * inner + j)' : 'i'};
  ${scalar} best = x_el(base + at * inner);
  for (i++; i < end; i++) {
    int p = ${later ? 'candidates_el((o * m + i) * inner + j)' : 'i'};
    ${scalar} v = x_el(base + p * inner);
    if (wins(v, best)) { best = v; at = p; }
  }
  return at;
}
${fourResults}`,
  }));
}

interface Pass {
  readonly kernel: Kernel;
  readonly uniforms: Readonly<Record<string, UniformValue>>;
  /** Candidates that are left along the axis. */
  readonly splits: number;
}

function passesOf(kind: ArgReduceKind, type: TexelType, outer: number, n: number, inner: number): Pass[] {
  const passes: Pass[] = [];
  let m = n;
  if (inner === 1) {
    const quads = Math.ceil(n / 4);
    const span = rowSpan(quads, outer);
    m = Math.ceil(quads / span);
    passes.push({ kernel: rowsKernel(kind, type), uniforms: { n, span, splits: m }, splits: m });
    if (m === 1) return passes;
  }
  for (;;) {
    const span = columnSpan(m, texelsFor(outer * inner));
    const splits = Math.ceil(m / span);
    passes.push({ kernel: columnsKernel(kind, type, passes.length > 0), uniforms: { n, m, inner, span, splits }, splits });
    if (splits === 1) return passes;
    m = splits;
  }
}

/** In log steps: every pass leaves fewer candidates along the axis. */
export function argReduce(engine: Engine, kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void {
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const n = x.shape.length === 0 ? 1 : x.shape[axis];
  const passes = passesOf(kind, texelType(x.dtype), outer, n, inner);
  const last = passes.pop() as Pass;
  const scratch: { release(): void }[] = [];
  try {
    const inputs: Record<string, Input> = { x };
    for (const { kernel, uniforms, splits } of passes) {
      const candidates = engine.draw(kernel, texelsFor(outer * splits * inner), { inputs, uniforms });
      scratch.push(candidates);
      inputs.candidates = candidates;
    }
    engine.compute(last.kernel, { inputs, uniforms: last.uniforms }, out);
  } finally {
    for (const texture of scratch) texture.release();
  }
}
