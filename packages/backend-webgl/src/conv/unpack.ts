import type { ActivationKind, ConvGeometry, Spatial, TensorRef } from '@konv/core-tensor';
import { activationCode } from '../activation.js';
import type { Engine } from '../engine.js';
import { define, repeat } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Swept } from './sweep.js';

/** One element after the other: pixel `x` of row `row` of channel `c` of image and group `n`. */
function unpackKernel(pixels: number, bias: boolean, activation: ActivationKind | null): Kernel {
  const name = `conv unpack ${pixels} pixels${bias ? ' bias' : ''} ${activation ?? ''}`;
  return define(name, () => ({
    inputs: { y: { layers: true, type: 'float32' }, ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: { width: 'int', rows: 'int', channels: 'int', blocks: 'int', groups: 'int', residues: 'int', across: 'int' },
    body: `${activationCode(activation)}
void compute(int t) {
  int e = t << 2;
  int q = e / width;
  int x = e - q * width;
  int q1 = q / rows;
  int row = q - q1 * rows;
  int n = q1 / channels;
  int c = q1 - n * channels;
  vec4 v;
${repeat(
  4,
  (i) => `  {
    int p = x / residues;
    int line = (((n * blocks + (c >> 2)) * rows + row) * residues + x - p * residues) * across;
    v[${i}] = y_texel(line + p / ${pixels}, p & ${pixels - 1})[c & 3]${bias ? ' + bias_el(bias_at + (n % groups) * channels + c)' : ''};
    if (++x == width) {
      x = 0;
      if (++row == rows) {
        row = 0;
        if (++c == channels) {
          c = 0;
          n++;
        }
      }
    }
  }`,
)}
  out0 = activate(v);
}`,
  }));
}

/** The result of a sweep as `[batch, channels, *size]`: row-major, with bias and activation. */
export function unpack(
  engine: Engine,
  y: Swept,
  size: Spatial,
  g: ConvGeometry,
  channels: number,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  engine.compute(
    unpackKernel(y.pixels, bias !== null, activation),
    {
      inputs: { y: y.texture, ...(bias ? { bias } : {}) },
      uniforms: {
        width: size[2],
        rows: size[0] * size[1],
        channels,
        blocks: Math.ceil(channels / 4),
        groups: g.groups,
        residues: y.residues,
        across: y.across,
      },
    },
    out,
  );
}
