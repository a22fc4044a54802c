import { DTypeError, ShapeError, showShape } from '@konv/core-tensor';
import type { HostTensor } from './host-tensor.js';

/** Makes another sample of a sample; it does not write into its argument. */
export type Transform = (x: HostTensor) => HostTensor;

/** One transform after another. Source: torchvision.transforms.Compose. */
export function compose(...transforms: Transform[]): Transform {
  return (x) => transforms.reduce((y, t) => t(y), x);
}

/**
 * y[c] = (x[c] - mean[c]) / std[c], each step rounded to float32 as PyTorch does.
 *
 * x float32 `[channels, ...]`; `mean` and `std` one number, or one a channel.
 * Errors: `ShapeError` for lists of another length, for a std that is 0 and for numbers that are not finite;
 * `DTypeError` for a sample that is not float32. Source: torchvision.transforms.Normalize.
 */
export function normalize(mean: number | readonly number[], std: number | readonly number[]): Transform {
  const means = Float32Array.from(typeof mean === 'number' ? [mean] : mean);
  const stds = Float32Array.from(typeof std === 'number' ? [std] : std);
  if (means.length === 0 || stds.length === 0 || !means.every(Number.isFinite) || !stds.every((s) => Number.isFinite(s) && s !== 0)) {
    throw new ShapeError(
      'normalize',
      `expected finite means and stds other than 0, got mean [${String(mean)}], std [${String(std)}]; check them`,
    );
  }
  return ({ dtype, shape, data }) => {
    if (dtype !== 'float32') throw new DTypeError('normalize', `expected a float32 sample, got ${dtype}; scale it first`);
    const channels = shape[0] ?? 0;
    for (const list of [means, stds]) {
      if (list.length === 1 || list.length === channels) continue;
      throw new ShapeError(
        'normalize',
        `expected 1 or ${channels} values for a sample ${showShape(shape)}, got ${list.length}; give one a channel`,
      );
    }
    const out = new Float32Array(data.length);
    const plane = data.length / channels;
    for (let c = 0; c < channels; c++) {
      const m = means[means.length === 1 ? 0 : c];
      const s = stds[stds.length === 1 ? 0 : c];
      for (let i = c * plane; i < (c + 1) * plane; i++) out[i] = Math.fround(data[i] - m) / s;
    }
    return { dtype, shape, data: out };
  };
}
