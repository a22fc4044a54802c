import { type BatchNormAttrs, type TensorRef, sizeOf } from '@konv/core-tensor';
import { texelsFor } from '../buffer.js';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { channelsSource, inLogSteps, leadingSource, lookUp, planOf, release, shapeUniforms, walk } from './steps.js';

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
    const uniforms = { channels: plan.channels, inner: plan.inner };
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
