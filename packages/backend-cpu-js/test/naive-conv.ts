import { internConv } from '@konv/core-tensor';
import type { ConvGeometry, Spatial } from '@konv/core-tensor';
import type { Rng } from './harness.js';

/** Every product of the definition: y[yAt] += x[xAt] * w[wAt]. All gradients of `conv` are sums over these triples. */
export function forEachProduct(g: ConvGeometry, visit: (yAt: number, xAt: number, wAt: number) => void): void {
  const inGroup = g.inChannels / g.groups;
  const outGroup = g.outChannels / g.groups;
  const volume = (s: Spatial) => s[0] * s[1] * s[2];
  const at = (s: Spatial, z: number, y: number, x: number) => (z * s[1] + y) * s[2] + x;
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let c = 0; c < inGroup; c++)
        for (let oz = 0; oz < g.outSize[0]; oz++)
          for (let oy = 0; oy < g.outSize[1]; oy++)
            for (let ox = 0; ox < g.outSize[2]; ox++)
              for (let kz = 0; kz < g.kernel[0]; kz++)
                for (let ky = 0; ky < g.kernel[1]; ky++)
                  for (let kx = 0; kx < g.kernel[2]; kx++) {
                    const z = oz * g.stride[0] - g.padLow[0] + kz * g.dilation[0];
                    const y = oy * g.stride[1] - g.padLow[1] + ky * g.dilation[1];
                    const x = ox * g.stride[2] - g.padLow[2] + kx * g.dilation[2];
                    if (z < 0 || y < 0 || x < 0) continue;
                    if (z >= g.inSize[0] || y >= g.inSize[1] || x >= g.inSize[2]) continue;
                    const channel = Math.floor(o / outGroup) * inGroup + c;
                    visit(
                      (n * g.outChannels + o) * volume(g.outSize) + at(g.outSize, oz, oy, ox),
                      (n * g.inChannels + channel) * volume(g.inSize) + at(g.inSize, z, y, x),
                      (o * inGroup + c) * volume(g.kernel) + at(g.kernel, kz, ky, kx),
                    );
                  }
}

export interface ConvSizes {
  readonly x: number[];
  readonly w: number[];
  readonly y: number[];
}

export function convShapes(g: ConvGeometry): ConvSizes {
  return {
    x: [g.batch, g.inChannels, ...g.inSize],
    w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
    y: [g.batch, g.outChannels, ...g.outSize],
  };
}

/** Random sizes with asymmetric padding, stride, dilation and groups; depthwise now and then. */
export function randomConv(rng: Rng, rank: 1 | 2 | 3): ConvGeometry {
  const axis = (a: number) => {
    if (a < 3 - rank) return { size: 1, kernel: 1, stride: 1, dilation: 1, low: 0, high: 0, out: 1 };
    const kernel = rng.int(1, rank === 3 ? 2 : 4);
    const dilation = rng.int(1, 2);
    const stride = rng.int(1, 3);
    const reach = dilation * (kernel - 1) + 1;
    const low = rng.int(0, 2);
    const high = rng.int(0, 2);
    const size = Math.max(1, reach - low - high) + rng.int(0, rank === 3 ? 3 : 7);
    return { size, kernel, stride, dilation, low, high, out: Math.floor((size + low + high - reach) / stride) + 1 };
  };
  const axes = [axis(0), axis(1), axis(2)];
  const spatial = (key: keyof (typeof axes)[0]): Spatial => [axes[0][key], axes[1][key], axes[2][key]];
  const groups = rng.pick([1, 1, 1, 2, 3]);
  const depthwise = rng.next() < 0.2;
  return internConv({
    rank,
    batch: rng.int(1, 3),
    inSize: spatial('size'),
    outSize: spatial('out'),
    kernel: spatial('kernel'),
    stride: spatial('stride'),
    dilation: spatial('dilation'),
    padLow: spatial('low'),
    padHigh: spatial('high'),
    inChannels: groups * (depthwise ? 1 : rng.int(1, 5)),
    outChannels: groups * (depthwise ? 1 : rng.int(1, 9)),
    groups,
  });
}
