import { type TensorRef, sizeOf } from '@konv/core-tensor';
import { texelsFor } from '../buffer.js';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { channelsSource, inLogSteps, leadingSource, lookUp, planOf, release, shapeUniforms, walk } from './steps.js';

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
    const uniforms = { channels: plan.channels, inner: plan.inner, count };
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
