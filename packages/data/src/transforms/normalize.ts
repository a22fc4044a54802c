import { DTypeError, hostArray, ShapeError, showShape } from '@konv/core-tensor';
import type { Transform } from './transform.js';

/**
 * y[c] = (x[c] - mean[c]) / std[c], in float32 each step rounded as PyTorch does.
 *
 * x float32 or float64 `[channels, ...]`; `mean` and `std` one number, or one a channel.
 * Errors: `ShapeError` for lists of another length, for a std that is 0 and for numbers that are not finite;
 * `DTypeError` for a sample that is no float. Source: torchvision.transforms.Normalize.
 */
export function normalize(mean: number | readonly number[], std: number | readonly number[]): Transform {
  const means = typeof mean === 'number' ? [mean] : [...mean];
  const stds = typeof std === 'number' ? [std] : [...std];
  if (
    means.length === 0 ||
    stds.length === 0 ||
    !means.every(Number.isFinite) ||
    !stds.every((s) => Number.isFinite(s) && Math.fround(s) !== 0)
  ) {
    throw new ShapeError(
      'normalize',
      `expected finite means and stds other than 0, got mean [${String(mean)}], std [${String(std)}]; check them`,
    );
  }
  return ({ dtype, shape, data }) => {
    if (dtype !== 'float32' && dtype !== 'float64')
      throw new DTypeError('normalize', `expected a float32 sample, got ${dtype}; scale it first`);
    const channels = shape[0] ?? 0;
    for (const list of [means, stds]) {
      if (list.length === 1 || list.length === channels) continue;
      throw new ShapeError(
        'normalize',
        `expected 1 or ${channels} values for a sample ${showShape(shape)}, got ${list.length}; give one a channel`,
      );
    }
    const out = hostArray(dtype, data.length);
    const round = dtype === 'float32' ? Math.fround : (v: number): number => v;
    const plane = data.length / channels;
    for (let c = 0; c < channels; c++) {
      const m = round(means[means.length === 1 ? 0 : c]);
      const s = round(stds[stds.length === 1 ? 0 : c]);
      for (let i = c * plane; i < (c + 1) * plane; i++) out[i] = round(data[i] - m) / s;
    }
    return { dtype, shape, data: out };
  };
}
