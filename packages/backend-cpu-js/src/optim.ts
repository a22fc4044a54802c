/**
 * Optimizer steps in the order of PyTorch's tensor operations. For float32 every intermediate that PyTorch holds in
 * a tensor is rounded to float32 here, and so is every number that it hands to a tensor operation; `a + alpha * b`
 * rounds once, as its fused multiply-add does.
 */
import type { AdamAttrs, SgdAttrs, TensorRef } from '@konv/core-tensor';
import { sizeOf } from '@konv/core-tensor';
import { floatsOf } from './memory.js';
import type { FloatArray } from './memory.js';

/** Numbers as the arithmetic of `ref`'s dtype sees them. */
function roundTo(ref: TensorRef, x: number): number {
  return ref.dtype === 'float32' ? Math.fround(x) : x;
}

/**
 * d = g + weightDecay p; buf = momentum buf + (1 - dampening) d, at first d itself; d = buf, with nesterov
 * d + momentum buf; p -= lr d. Source: torch.optim.SGD.
 */
export function sgdStep(parameter: TensorRef, gradient: TensorRef, buffer: TensorRef | null, attrs: SgdAttrs): void {
  const n = sizeOf(parameter.shape);
  const single = parameter.dtype === 'float32';
  const lr = roundTo(parameter, attrs.dynamic.lr);
  const decay = roundTo(parameter, attrs.weightDecay);
  const p = floatsOf(parameter);
  const g = floatsOf(gradient);
  if (!buffer) {
    plainSgd(n, p, parameter.offset, g, gradient.offset, decay, lr, single);
    return;
  }
  const momentum = roundTo(parameter, attrs.momentum);
  const buf = floatsOf(buffer);
  // The first step leaves nothing of what stood in the buffer, not even NaN.
  if (attrs.dynamic.firstStep) buf.fill(0, buffer.offset, buffer.offset + n);
  const share = attrs.dynamic.firstStep ? 1 : roundTo(parameter, 1 - attrs.dampening);
  const { nesterov } = attrs;
  let ip = parameter.offset;
  let ig = gradient.offset;
  let ib = buffer.offset;
  for (let i = 0; i < n; i++, ip++, ig++, ib++) {
    let d = g[ig] + decay * p[ip];
    if (single) d = Math.fround(d);
    buf[ib] *= momentum;
    buf[ib] += share * d;
    d = nesterov ? d + momentum * buf[ib] : buf[ib];
    if (single) d = Math.fround(d);
    p[ip] -= lr * d;
  }
}

function plainSgd(n: number, p: FloatArray, ip: number, g: FloatArray, ig: number, decay: number, lr: number, single: boolean): void {
  for (let i = 0; i < n; i++, ip++, ig++) {
    let d = g[ig] + decay * p[ip];
    if (single) d = Math.fround(d);
    p[ip] -= lr * d;
  }
}

/**
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= lr / bc1 * m / (sqrt(v) / sqrt(bc2) + eps).
 * Weight decay joins g, or, decoupled, p *= 1 - lr weightDecay comes first. Source: torch.optim.Adam, AdamW.
 */
export function adamStep(parameter: TensorRef, gradient: TensorRef, m: TensorRef, v: TensorRef, attrs: AdamAttrs): void {
  const n = sizeOf(parameter.shape);
  const single = parameter.dtype === 'float32';
  const { lr, biasCorrection1, biasCorrection2 } = attrs.dynamic;
  const shrink = roundTo(parameter, attrs.decoupled ? 1 - lr * attrs.weightDecay : 1);
  const decay = roundTo(parameter, attrs.decoupled ? 0 : attrs.weightDecay);
  const beta1 = roundTo(parameter, attrs.beta1);
  const beta2 = roundTo(parameter, attrs.beta2);
  const share1 = roundTo(parameter, 1 - attrs.beta1);
  const share2 = roundTo(parameter, 1 - attrs.beta2);
  const eps = roundTo(parameter, attrs.eps);
  const step = roundTo(parameter, lr / biasCorrection1);
  const root = roundTo(parameter, Math.sqrt(biasCorrection2));
  const p = floatsOf(parameter);
  const g = floatsOf(gradient);
  const first = floatsOf(m);
  const second = floatsOf(v);
  let ip = parameter.offset;
  let ig = gradient.offset;
  let im = m.offset;
  let iv = v.offset;
  for (let i = 0; i < n; i++, ip++, ig++, im++, iv++) {
    p[ip] *= shrink;
    let d = g[ig] + decay * p[ip];
    if (single) d = Math.fround(d);
    first[im] *= beta1;
    first[im] += share1 * d;
    second[iv] *= beta2;
    second[iv] += single ? Math.fround(Math.fround(share2 * d) * d) : share2 * d * d;
    let denominator = Math.sqrt(second[iv]);
    if (single) denominator = Math.fround(Math.fround(denominator) / root);
    else denominator /= root;
    denominator += eps;
    if (single) denominator = Math.fround(denominator);
    const numerator = step * first[im];
    p[ip] -= single ? Math.fround(Math.fround(numerator) / denominator) : numerator / denominator;
  }
}
