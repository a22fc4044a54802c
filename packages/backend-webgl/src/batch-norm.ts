import type { BatchNormAttrs, TensorRef } from '@konv/core-tensor';
import { sizeOf, texelsFor } from './buffer.js';
import type { Engine, Input } from './engine.js';
import { define } from './gl/define.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';
import { columnSpan } from './reduce-plan.js';

/**
 * x is [batch, channels, inner]. A channel's values are read in steps, a quad of a row each (one value where inner is 1),
 * and statistics of runs of steps are merged in log steps:
 *
 *     statistics   texel (s, w) of each target: channels 4w to 4w + 3, steps s * span to (s + 1) * span - 1
 *     at last      texel w: channels 4w to 4w + 3, as in a tensor [channels]
 */
interface Plan {
  readonly channels: number;
  readonly width: number;
  /** Values of a channel. */
  readonly count: number;
  readonly columns: boolean;
  readonly rowQuads: number;
  readonly steps: number;
  /** Values of a row that is read in steps. */
  readonly length: number;
  readonly shape: Readonly<Record<string, UniformValue>>;
}

function planOf(x: TensorRef): Plan {
  const [batch, channels, inner] = x.shape;
  const rowQuads = Math.ceil(inner / 4);
  return {
    channels,
    width: texelsFor(channels),
    count: batch * inner,
    columns: inner === 1,
    rowQuads,
    steps: batch * rowQuads,
    length: inner,
    shape: { channels, inner, row_quads: rowQuads, steps: batch * rowQuads },
  };
}

const shapeUniforms = { channels: 'int', inner: 'int', row_quads: 'int', steps: 'int', width: 'int', span: 'int' } as const;

/** A walk over a channel's steps: `body` finds where the quad stands (`at`), and `left`, the row's elements from there. */
const walk = (body: string): string => `  int j = (first % row_quads) << 2;
  int at = (first / row_quads * channels + channel) * inner + j;
  for (int i = first; i < end; i++) {
    int left = inner - j;
${body}
    j += 4;
    at += 4;
    if (j >= inner) { at += channels * inner - j; j = 0; }
  }`;

/** The quad of a row, lanes beyond it replaced by 0. */
const leadingSource = `vec4 leading(vec4 v, int n) { return vec4(v.x, n > 1 ? v.y : 0.0, n > 2 ? v.z : 0.0, n > 3 ? v.w : 0.0); }
float across(vec4 v) { return (v.x + v.z) + (v.y + v.w); }
/** Values among the first q steps of a channel. */
int values_before(int q) { return inner == 1 ? q : q / row_quads * inner + min((q % row_quads) << 2, inner); }`;

/**
 * A value near the others of a run, so that the squares about it do not cancel: the median of three, in which one that is
 * far out does not count; 0 where it is not finite.
 */
const nearSource = `vec4 near_of(vec4 a, vec4 b, vec4 c) {
  vec4 m = max(min(a, b), min(max(a, b), c));
  return mix(m, vec4(0.0), equal(floatBitsToInt(m) & 0x7f800000, ivec4(0x7f800000)));
}`;

/**
 * Statistics of a run: mean = out0 + out1, where out0 is about the mean and out1 what it lacks; out2 = sum of
 * (x - mean)^2. Sums are taken of d = x - out0, which is exact where x is near, however large the mean.
 */
const statistics = (columns: boolean): Kernel =>
  define(`batch norm statistics, ${columns ? 'columns' : 'rows'}`, () => ({
    inputs: { x: 'float32' },
    output: ['float32', 'float32', 'float32'],
    uniforms: shapeUniforms,
    body: `${leadingSource}
${nearSource}
${
  columns
    ? `void compute(int t) {
  int s = t / width;
  int first = s * span, end = min(first + span, steps);
  int at = x_at + first * channels + ((t - s * width) << 2);
  vec4 near = near_of(x_four(at), x_four(at + (end - first) / 2 * channels), x_four(at + (end - first - 1) * channels));
  vec4 sum = vec4(0.0), squares = vec4(0.0);
  for (int i = first; i < end; i++, at += channels) {
    vec4 d = x_four(at) - near;
    sum += d;
    squares += d * d;
  }
  vec4 less = sum / float(end - first);
  out0 = near;
  out1 = less;
  out2 = squares - sum * less;
}`
    : `float head(int channel, int i) { return x_el(x_at + (i / row_quads * channels + channel) * inner + ((i % row_quads) << 2)); }
vec3 of_channel(int channel, int first, int end) {
  float middle = head(channel, (first + end) / 2), last = head(channel, end - 1);
  float near = near_of(vec4(head(channel, first)), vec4(middle), vec4(last)).x;
  vec4 sum = vec4(0.0), squares = vec4(0.0);
${walk(`    vec4 d = leading(x_four(x_at + at) - near, left);
    sum += d;
    squares += d * d;`)}
  float total = across(sum);
  float less = total / float(values_before(end) - values_before(first));
  return vec3(near, less, across(squares) - total * less);
}
void compute(int t) {
  int s = t / width;
  int first = s * span, end = min(first + span, steps);
  int c = (t - s * width) << 2;
  vec4 near, less, squares;
  for (int l = 0; l < 4; l++) {
    vec3 r = of_channel(c + l, first, end);
    near[l] = r.x;
    less[l] = r.y;
    squares[l] = r.z;
  }
  out0 = near;
  out1 = less;
  out2 = squares;
}`
}`,
  }));

/**
 * `merged(s, w, mean, less, squares)`: the statistics of `parts` results from s * parts on, of `in_span` steps each.
 * Differences between their means are taken about the first, as above.
 */
const mergeSource = `${leadingSource}
int merged(int s, int w, out vec4 mean, out vec4 less, out vec4 squares) {
  int from = s * parts, to = min(from + parts, in_parts);
  mean = near_texel(from * width + w);
  vec4 sum = vec4(0.0), within = vec4(0.0), between = vec4(0.0);
  int total = 0;
  for (int i = from; i < to; i++) {
    int at = i * width + w;
    int n = values_before(min((i + 1) * in_span, steps)) - values_before(i * in_span);
    vec4 d = (near_texel(at) - mean) + less_texel(at);
    total += n;
    sum += float(n) * d;
    between += float(n) * d * d;
    within += squares_texel(at);
  }
  less = sum / float(total);
  squares = within + (between - sum * less);
  return total;
}`;
const mergeUniforms = {
  inner: 'int',
  row_quads: 'int',
  steps: 'int',
  width: 'int',
  in_span: 'int',
  in_parts: 'int',
  parts: 'int',
} as const;
const partial = { near: 'float32', less: 'float32', squares: 'float32' } as const;

const merge: Kernel = {
  name: 'batch norm merge',
  inputs: partial,
  output: ['float32', 'float32', 'float32'],
  uniforms: mergeUniforms,
  body: `${mergeSource}
void compute(int t) {
  int s = t / width;
  merged(s, t - s * width, out0, out1, out2);
}`,
};

/**
 * The end of it: mean, invStd, and what y = (x - mean) scale + shift needs, where shift also makes up for the rounding of
 * the mean.
 */
const finishTrain = (weight: boolean, bias: boolean): Kernel =>
  define(`batch norm finish${weight ? ' weight' : ''}${bias ? ' bias' : ''}`, () => ({
    inputs: { ...partial, ...(weight ? { weight: 'float32' } : {}), ...(bias ? { bias: 'float32' } : {}) },
    output: ['float32', 'float32', 'float32', 'float32'],
    uniforms: { ...mergeUniforms, eps: 'float' },
    body: `${mergeSource}
void compute(int t) {
  vec4 near, less, squares;
  int n = merged(0, t, near, less, squares);
  out0 = near + less;
  out1 = 1.0 / sqrt(mix(squares, vec4(0.0), lessThan(squares, vec4(0.0))) / float(n) + eps);
  out2 = out1${weight ? ' * weight_four(weight_at + (t << 2))' : ''};
  out3 = ${bias ? 'bias_four(bias_at + (t << 2)) + ' : ''}((near - out0) + less) * -out2;
}`,
  }));

/** `each_name(c)`: elements of a [channels] tensor for the four lanes, which mostly are of one channel or of neighbours. */
const lookUp = (name: string): string =>
  `vec4 each_${name}(ivec4 c) {
  int at = ${name}_at + c.x;
  if (c == ivec4(c.x)) return vec4(${name}_el(at));
  if (c == c.x + ivec4(0, 1, 2, 3)) return ${name}_four(at);
  return vec4(${name}_el(at), ${name}_el(${name}_at + c.y), ${name}_el(${name}_at + c.z), ${name}_el(${name}_at + c.w));
}`;

/** The channel of each lane of texel t. */
const channelsSource = `ivec4 channels_of(int t) {
  int e = t << 2;
  ivec4 row = ivec4(e / inner);
  if (e + 3 >= (row.x + 1) * inner) row = (ivec4(0, 1, 2, 3) + e) / inner;
  return row - row / channels * channels;
}`;

const normalize: Kernel = {
  name: 'batch norm',
  inputs: { x: 'float32', mean: 'float32', scale: 'float32', shift: 'float32' },
  output: 'float32',
  uniforms: { channels: 'int', inner: 'int' },
  body: `${['mean', 'scale', 'shift'].map(lookUp).join('\n')}
${channelsSource}
void compute(int t) {
  ivec4 c = channels_of(t);
  out0 = (x_four(x_at + (t << 2)) - each_mean(c)) * each_scale(c) + each_shift(c);
}`,
};

/** Releases textures that were drawn on the way. */
function release(textures: readonly Texture[]): void {
  for (const texture of textures) texture.release();
}

const named = (textures: readonly Texture[], names: readonly string[]): Record<string, Input> =>
  Object.fromEntries(names.map((name, i) => [name, textures[i]]));

/** Statistics of runs, and merges of them, until `last` draws the results from at most some dozens. */
function inLogSteps(
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

/** y = (x - mean) invStd weight + bias per channel, with the mean and biased variance of the batch. */
export function batchNormTrain(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef | null,
  bias: TensorRef | null,
  { eps }: BatchNormAttrs,
  out: { readonly y: TensorRef; readonly mean: TensorRef; readonly invStd: TensorRef },
): void {
  const plan = planOf(x);
  const kernel = finishTrain(weight !== null, bias !== null);
  const [mean, invStd, scale, shift] = inLogSteps(
    engine,
    plan,
    { kernel: statistics(plan.columns), inputs: { x } },
    merge,
    (parts, uniforms) => {
      const inputs = { ...parts, ...(weight ? { weight } : {}), ...(bias ? { bias } : {}) };
      return engine.drawMany(kernel, plan.width, { inputs, uniforms: { ...uniforms, eps } });
    },
  );
  let y: Texture;
  try {
    const uniforms = { channels: plan.channels, inner: plan.length };
    y = engine.draw(normalize, texelsFor(sizeOf(x.shape)), { inputs: { x, mean, scale, shift }, uniforms });
  } catch (e) {
    release([mean, invStd]);
    throw e;
  } finally {
    release([scale, shift]);
  }
  engine.put(out.mean, mean);
  engine.put(out.invStd, invStd);
  engine.put(out.y, y);
}

/** out0 = sum of dy, out1 = sum of (x - mean) dy, of a run. */
const products = (columns: boolean): Kernel =>
  define(`batch norm products, ${columns ? 'columns' : 'rows'}`, () => ({
    inputs: { x: 'float32', dy: 'float32', mean: 'float32' },
    output: ['float32', 'float32'],
    uniforms: shapeUniforms,
    body: `${leadingSource}
${
  columns
    ? `void compute(int t) {
  int s = t / width;
  int first = s * span, end = min(first + span, steps);
  int w = t - s * width;
  int at = first * channels + (w << 2);
  vec4 mean = mean_four(mean_at + (w << 2));
  out0 = vec4(0.0);
  out1 = vec4(0.0);
  for (int i = first; i < end; i++, at += channels) {
    vec4 g = dy_four(dy_at + at);
    out0 += g;
    out1 += (x_four(x_at + at) - mean) * g;
  }
}`
    : `vec2 of_channel(int channel, int first, int end) {
  float mean = mean_el(mean_at + channel);
  vec4 sum = vec4(0.0), product = vec4(0.0);
${walk(`    vec4 g = dy_four(dy_at + at);
    sum += leading(g, left);
    product += leading((x_four(x_at + at) - mean) * g, left);`)}
  return vec2(across(sum), across(product));
}
void compute(int t) {
  int s = t / width;
  int first = s * span, end = min(first + span, steps);
  int c = (t - s * width) << 2;
  vec4 sum, product;
  for (int l = 0; l < 4; l++) {
    vec2 r = of_channel(c + l, first, end);
    sum[l] = r.x;
    product[l] = r.y;
  }
  out0 = sum;
  out1 = product;
}`
}`,
  }));

const sumUniforms = { width: 'int', in_parts: 'int', parts: 'int' } as const;
const sumSource = `void sums(int s, int w, out vec4 sum, out vec4 product) {
  int to = min((s + 1) * parts, in_parts);
  sum = vec4(0.0);
  product = vec4(0.0);
  for (int i = s * parts; i < to; i++) {
    sum += sum_texel(i * width + w);
    product += product_texel(i * width + w);
  }
}`;

const addUp: Kernel = {
  name: 'batch norm sums',
  inputs: { sum: 'float32', product: 'float32' },
  output: ['float32', 'float32'],
  uniforms: sumUniforms,
  body: `${sumSource}
void compute(int t) {
  int s = t / width;
  sums(s, t - s * width, out0, out1);
}`,
};

/** db, dw, and what dx = (dy - db / count - (x - mean) slope) scale needs. */
const finishGrad = (weight: boolean): Kernel =>
  define(`batch norm finish gradient${weight ? ' weight' : ''}`, () => ({
    inputs: { sum: 'float32', product: 'float32', inv_std: 'float32', ...(weight ? { weight: 'float32' } : {}) },
    output: ['float32', 'float32', 'float32', 'float32'],
    uniforms: { ...sumUniforms, count: 'float' },
    body: `${sumSource}
void compute(int t) {
  vec4 product;
  sums(0, t, out0, product);
  vec4 s = inv_std_four(inv_std_at + (t << 2));
  out1 = product * s;
  out2 = out1 * s / count;
  out3 = s${weight ? ' * weight_four(weight_at + (t << 2))' : ''};
}`,
  }));

const gradient: Kernel = {
  name: 'batch norm gradient',
  inputs: { x: 'float32', dy: 'float32', mean: 'float32', db: 'float32', slope: 'float32', scale: 'float32' },
  output: 'float32',
  uniforms: { channels: 'int', inner: 'int', count: 'float' },
  body: `${['mean', 'db', 'slope', 'scale'].map(lookUp).join('\n')}
${channelsSource}
void compute(int t) {
  ivec4 c = channels_of(t);
  vec4 x = x_four(x_at + (t << 2)) - each_mean(c);
  out0 = (dy_four(dy_at + (t << 2)) - each_db(c) / count - x * each_slope(c)) * each_scale(c);
}`,
};

/**
 * With h = (x - mean) invStd and M the mean over batch and inner:
 * dx = weight invStd (dy - M(dy) - h M(h dy)), dw = sum of h dy, db = sum of dy.
 */
export function batchNormGrad(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  weight: TensorRef | null,
  mean: TensorRef,
  invStd: TensorRef,
  out: { readonly dx: TensorRef; readonly dw: TensorRef | null; readonly db: TensorRef | null },
): void {
  const plan = planOf(x);
  const { count } = plan;
  const first = { kernel: products(plan.columns), inputs: { x, dy, mean } };
  const [db, dw, slope, scale] = inLogSteps(engine, plan, first, addUp, (parts, uniforms) => {
    const inputs = { ...parts, inv_std: invStd, ...(weight ? { weight } : {}) };
    return engine.drawMany(finishGrad(weight !== null), plan.width, { inputs, uniforms: { ...uniforms, count } });
  });
  let dx: Texture;
  try {
    const uniforms = { channels: plan.channels, inner: plan.length, count };
    dx = engine.draw(gradient, texelsFor(sizeOf(x.shape)), { inputs: { x, dy, mean, db, slope, scale }, uniforms });
  } catch (e) {
    release([db, dw]);
    throw e;
  } finally {
    release([slope, scale]);
  }
  engine.put(out.dx, dx);
  for (const [ref, texture] of [
    [out.dw, dw],
    [out.db, db],
  ] as const) {
    if (ref) engine.put(ref, texture);
    else texture.release();
  }
}
