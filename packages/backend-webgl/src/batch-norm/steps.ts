import type { TensorRef } from '@konv/core-tensor';
import { texelsFor } from '../buffer.js';
import type { Engine, Input } from '../engine.js';
import { divideSource } from '../gl/divide.js';
import type { Kernel, UniformValue } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { columnSpan } from '../reduce-plan.js';

/**
 * x is [batch, channels, inner]. A channel's values are read in steps, a quad of a row each (one value where inner is 1),
 * and statistics of runs of steps are merged in log steps:
 *
 *     statistics   texel (s, w) of each target: channels 4w to 4w + 3, steps s * span to (s + 1) * span - 1
 *     at last      texel w: channels 4w to 4w + 3, as in a tensor [channels]
 */
export interface Plan {
  readonly channels: number;
  readonly width: number;
  /** Values of a channel. */
  readonly count: number;
  /** Rows are single values: channels are neighbours in memory. */
  readonly columns: boolean;
  readonly steps: number;
  readonly inner: number;
  /** Uniforms. */
  readonly shape: Readonly<Record<string, UniformValue>>;
}

export function planOf(x: TensorRef): Plan {
  const [batch, channels, inner] = x.shape;
  const rowQuads = Math.ceil(inner / 4);
  return {
    channels,
    width: texelsFor(channels),
    count: batch * inner,
    columns: inner === 1,
    steps: batch * rowQuads,
    inner,
    shape: { channels, inner, row_quads: rowQuads, steps: batch * rowQuads },
  };
}

export const shapeUniforms = { channels: 'int', inner: 'int', row_quads: 'int', steps: 'int', width: 'int', span: 'int' } as const;

/** A walk over a channel's steps: `body` finds where the quad stands (`at`), and `left`, the row's elements from there. */
export const walk = (body: string): string => `  int j = (first % row_quads) << 2;
  int at = (first / row_quads * channels + channel) * inner + j;
  for (int i = first; i < end; i++) {
    int left = inner - j;
${body}
    j += 4;
    at += 4;
    if (j >= inner) { at += channels * inner - j; j = 0; }
  }`;

/** The quad of a row, lanes beyond it replaced by 0. */
export const leadingSource = `vec4 leading(vec4 v, int n) { return vec4(v.x, n > 1 ? v.y : 0.0, n > 2 ? v.z : 0.0, n > 3 ? v.w : 0.0); }
float across(vec4 v) { return (v.x + v.z) + (v.y + v.w); }
/** Values among the first q steps of a channel. */
int values_before(int q) { return inner == 1 ? q : q / row_quads * inner + min((q % row_quads) << 2, inner); }`;

/** `each_name(c)`: elements of a [channels] tensor for the four lanes, which mostly are of one channel or of neighbours. */
export const lookUp = (name: string): string =>
  `vec4 each_${name}(ivec4 c) {
  int at = ${name}_at + c.x;
  if (c == ivec4(c.x)) return vec4(${name}_el(at));
  if (c == c.x + ivec4(0, 1, 2, 3)) return ${name}_four(at);
  return vec4(${name}_el(at), ${name}_el(${name}_at + c.y), ${name}_el(${name}_at + c.z), ${name}_el(${name}_at + c.w));
}`;

/** The channel of each lane of texel t. */
export const channelsSource = `${divideSource}
ivec4 channels_of(int t) {
  int e = t << 2;
  int row = divide(e, inner);
  if (e + 3 < (row + 1) * inner) return ivec4(row - divide(row, channels) * channels);
  ivec4 rows = divide(e + ivec4(0, 1, 2, 3), inner);
  return rows - divide(rows, channels) * channels;
}`;

/** Releases textures that were drawn on the way. */
export function release(textures: readonly Texture[]): void {
  for (const texture of textures) texture.release();
}

const named = (textures: readonly Texture[], names: readonly string[]): Record<string, Input> =>
  Object.fromEntries(names.map((name, i) => [name, textures[i]]));

/** Statistics of runs, and merges of them, until `last` draws the results from at most some dozens. */
export function inLogSteps(
  engine: Engine,
  plan: Plan,
  first: { readonly kernel: Kernel; readonly inputs: Readonly<Record<string, Input>> },
  between: Kernel,
  last: (inputs: Record<string, Input>, uniforms: Record<string, UniformValue>) => Texture[],
): Texture[] {
  const { width, steps, shape } = plan;
  const names = Object.keys(between.inputs);
  let span = columnSpan(steps, width);
  let parts = Math.ceil(steps / span);
  let results = engine.drawMany(first.kernel, parts * width, { inputs: first.inputs, uniforms: { ...shape, width, span } });
  for (;;) {
    const many = columnSpan(parts, width);
    const uniforms = { ...shape, width, in_span: span, in_parts: parts, parts: many };
    const before = results;
    try {
      if (many === parts) return last(named(before, names), uniforms);
      parts = Math.ceil(parts / many);
      span *= many;
      results = engine.drawMany(between, parts * width, { inputs: named(before, names), uniforms });
    } finally {
      release(before);
    }
  }
}
