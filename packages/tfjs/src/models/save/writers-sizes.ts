import {
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  Conv1d,
  Conv2d,
  Conv3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  Upsample,
  UpsamplingNearest2d,
  ZeroPad2d,
} from '@konv/layers';
import { SamePad, sameSides, UpsampleFromOrigin } from '../modules/same.js';
import { Uncovered } from '../refuse.js';
import type { Desk, Flow, Pad, PaddedFlow, Writer } from './exporter.js';
import { list, space, type WriterRow } from './writers-windows.js';

const consumers: readonly unknown[] = [Conv1d, Conv2d, Conv3d, MaxPool1d, MaxPool2d, MaxPool3d];

/** A pad is left to a convolution or max pool after it, which may be 'same' with it; else it is a layer of its own. */
function pad(sidesOf: (m: never, spatial: readonly number[]) => Pad['sides'], valueOf: (m: never) => number): Writer {
  return (m, x, at): PaddedFlow => {
    const rank = x.shape.length - 1;
    const { spatial, channels } = space(x, rank);
    if (at.pad !== null) throw new Uncovered('it follows another pad');
    const sides = sidesOf(m, spatial);
    const value = valueOf(m);
    const fits = sides.length === rank && sides.every(([a, b]) => a >= 0 && b >= 0);
    if (fits && consumers.includes(at.next?.constructor)) return { ...x, pad: { name: at.name, sides, value } };
    if (value !== 0 || sides.length !== 2 || rank !== 2) throw new Uncovered('only images can be padded, with zeros');
    const grow = sides.map(([a, b]) => [Math.max(a, 0), Math.max(b, 0)]);
    const cut = sides.map(([a, b]) => [Math.max(-a, 0), Math.max(-b, 0)]);
    const grows = grow.flat().some((n) => n > 0);
    if (grows) at.layer('ZeroPadding2D', { padding: grow, data_format: 'channels_last' });
    if (cut.flat().some((n) => n > 0) || !grows)
      at.layer('Cropping2D', { cropping: cut, data_format: 'channels_last' }, grows ? '_crop' : '');
    return { shape: [...spatial.map((d, i) => d + sides[i][0] + sides[i][1]), channels], moved: true };
  };
}

/** [left, right, top, bottom] as [[top, bottom], [left, right]]. */
function pairs(m: { padding: readonly number[] }): [number, number][] {
  const sides: [number, number][] = [];
  for (let i = m.padding.length - 2; i >= 0; i -= 2) sides.push([m.padding[i], m.padding[i + 1]]);
  return sides;
}

const fixedPad = pad(pairs as never, (m: { value?: number }) => m.value ?? 0);

function resize(m: Upsample, x: Flow, at: Desk): Flow {
  const { spatial, channels } = space(x, 2);
  if (at.pad !== null) throw new Uncovered('it is padded');
  const factors = m.scaleFactor === null ? list(m.size, 2).map((d, i) => d / spatial[i]) : list(m.scaleFactor, 2);
  if (m.mode !== 'nearest') throw new Uncovered(`its mode is '${m.mode}', which TensorFlow.js computes at other places`);
  if (!factors.every((f) => Number.isSafeInteger(f) && f >= 1)) throw new Uncovered('its factors are no whole numbers');
  at.layer('UpSampling2D', { size: factors, data_format: 'channels_last', interpolation: 'nearest' });
  return { shape: [...spatial.map((d, i) => d * factors[i]), channels], moved: true };
}

function fromOrigin(m: UpsampleFromOrigin, x: Flow, at: Desk): Flow {
  const { spatial, channels } = space(x, 2);
  if (at.pad !== null) throw new Uncovered('it is padded');
  at.layer('UpSampling2D', { size: [...m.factors], data_format: 'channels_last', interpolation: 'bilinear' });
  return { shape: [...spatial.map((d, i) => d * m.factors[i]), channels], moved: true };
}

export const sizeWriters: readonly WriterRow[] = [
  [ZeroPad2d, fixedPad],
  [ConstantPad1d, fixedPad],
  [ConstantPad2d, fixedPad],
  [ConstantPad3d, fixedPad],
  [
    SamePad,
    pad(
      ((m: SamePad, spatial: readonly number[]) =>
        spatial.map((d, i) => sameSides(d, m.kernelSize[i], m.stride[i], m.dilation[i]))) as never,
      (m: SamePad) => m.value,
    ),
  ],
  [Upsample, resize as Writer],
  [UpsamplingNearest2d, resize as Writer],
  [UpsampleFromOrigin, fromOrigin as Writer],
];
