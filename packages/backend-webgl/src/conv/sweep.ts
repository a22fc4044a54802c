/**
 * The product of windows and weights: an invocation has 4 channels (the lanes) of `pixels` neighbouring pixels (a target
 * each) of one row.
 *
 *     forward          y[4 o's][pixel p]  += sum over c, taps of  w[4 o's][4 c's]  x[4 c's][p stride + tap dilation]
 *     input gradient   dx[4 c's][pixel p] += sum over o, taps of  dy[4 o's][...]   w[4 o's][4 c's]
 *
 * Operands are packed as `pack.ts` says. The frames around images are as wide as any window reaches, so that nothing is
 * checked here. Pixels beyond the end of a row read what comes after it, and nobody reads them.
 *
 * For the input gradient the pixels of an invocation have the same remainder modulo the stride. Input pixel i sees dy at
 * (i + padLow - k dilation) / stride for every tap k that makes it whole: one tap in `apart` = stride / gcd(stride,
 * dilation), the same for all of these pixels, and others are not looked at. From the greatest such tap down, dy's position
 * moves up by `apart` dilation / stride.
 *
 * Where a tap moves by as much as a pixel (`slides`), the texel of pixel p + 1 serves pixel p at the next tap.
 *
 * The result: texel `(((n groups + g) blocks + b) rows + row) residues + r) across + j`, layer i is pixel
 * `(j pixels + i) residues + r` of the row; residues is 1 for the forward.
 */
import type { ConvGeometry } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define, repeat } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { type ConvPlan, gcd, perAxis, volume } from './plan.js';

/** The result of a sweep with what one needs to find pixels in it. */
export interface Swept {
  readonly texture: Texture;
  readonly pixels: number;
  readonly residues: number;
  readonly across: number;
}

interface Variant {
  readonly transposed: boolean;
  readonly lanes: number;
  readonly pixels: number;
  readonly slides: boolean;
}

const nameOf = (v: Variant): string =>
  `conv ${v.transposed ? 'gradient' : 'forward'} ${v.lanes} lanes ${v.pixels} pixels${v.slides ? ' sliding' : ''}`;

const lane = (i: number): string => 'xyzw'[i];

/** a_i += the product of the block of weights w0 to w3 and the texel p_i. */
function product({ transposed, lanes }: Variant, i: number): string {
  const terms = Array.from({ length: lanes }, (_, c) => c);
  if (!transposed) return `a${i} += ${terms.map((c) => `w${c} * p${i}.${lane(c)}`).join(' + ')};`;
  return terms.map((c) => `a${i}.${lane(c)} += dot(w${c}, p${i});`).join(' ');
}

/** The weights of a tap and the products with the texels of all pixels. */
function products(v: Variant): string {
  return `${repeat(v.lanes, (c) => `      vec4 w${c} = w_texel(k + ${c});`)}
${repeat(v.pixels, (i) => `      ${product(v, i)}`)}`;
}

/**
 * Loops over blocks of the channels that are summed, and the kernel. As few loops as can be, and as few variables that live
 * from one round to the next: renderers in software copy all of these at every round of every loop.
 */
function loops(v: Variant): string {
  const fetch = (i: number): string => `p${i} = x_texel(p + ${i} * pixelStep);`;
  const last = v.pixels - 1;
  const names = Array.from({ length: v.pixels }, (_, i) => `p${i}`).join(', ');
  const next = `if (++my == count.y) {
      my = 0;
      if (++mz == count.x) {
        mz = 0;
        at += positions;
        weightAt += blockHop;
      }
    }`;
  const start = `int p = at + mz * hop.x + my * hop.y;
    int k = weightAt + mz * weightHop.x + my * weightHop.y;`;
  const sliding = `  int rounds = blocks * count.x * count.y;
  int my = 0, mz = 0;
  for (int i = 0; i < rounds; i++) {
    ${start}
    vec4 ${names};
${repeat(last, (i) => `    ${fetch(i)}`)}
    for (int mx = 0; mx < count.z; mx++) {
      ${fetch(last)}
${products(v)}
${repeat(last, (i) => `      p${i} = p${i + 1};`)}
      p += hop.z;
      k += weightHop.z;
    }
    ${next}
  }`;
  const plain = `  int rounds = blocks * count.x * count.y * count.z;
  int mx = 0, my = 0, mz = 0;
  for (int i = 0; i < rounds; i++) {
    ${start}
    p += mx * hop.z;
    k += mx * weightHop.z;
${repeat(v.pixels, (i) => `    vec4 ${fetch(i)}`)}
${products(v)}
    if (++mx == count.z) {
      mx = 0;
      ${next}
    }
  }`;
  return `${v.slides ? sliding : plain}
${repeat(v.pixels, (i) => `  out${i} = a${i};`)}`;
}

const shared = {
  groups: 'int',
  /** Blocks of channels: of the result, and of those that are summed. */
  outer: 'int',
  blocks: 'int',
  rows: 'ivec2',
  across: 'int',
  positions: 'int',
  hop: 'ivec3',
  weightHop: 'ivec3',
  blockHop: 'int',
  outerHop: 'int',
  pixelStep: 'int',
} as const;

const decode = `  int q = t / across;
  int j = t - q * across;`;
const decodeRow = `  int q1 = q / rows.y;
  int y = q - q1 * rows.y;
  int q2 = q1 / rows.x;
  int z = q1 - q2 * rows.x;
  int n = q2 / outer;
  int block = q2 - n * outer;
  int weightAt = (n % groups) * weightGroup + block * outerHop;
  int at = n * blocks * positions;`;

function forwardKernel(v: Variant): Kernel {
  return define(nameOf(v), () => ({
    inputs: { x: 'float32', w: 'float32' },
    output: 'float32',
    targets: v.pixels,
    uniforms: { ...shared, weightGroup: 'int', count: 'ivec3', step: 'ivec3' },
    body: `void compute(int t) {
${decode}
${decodeRow}
  at += z * step.x + y * step.y + j * step.z;
  vec4 ${Array.from({ length: v.pixels }, (_, i) => `a${i} = vec4(0.0)`).join(', ')};
${loops(v)}
}`,
  }));
}

function gradientKernel(v: Variant): Kernel {
  return define(nameOf(v), () => ({
    inputs: { x: 'float32', w: 'float32' },
    output: 'float32',
    targets: v.pixels,
    uniforms: {
      ...shared,
      weightGroup: 'int',
      stride: 'ivec3',
      dilation: 'ivec3',
      kernel: 'ivec3',
      apart: 'ivec3',
      origin: 'ivec3',
      pitch: 'ivec2',
      tapHop: 'ivec3',
    },
    body: `// The greatest tap that reaches what is \`u\` positions behind the frame's start; negative: none does.
int greatest(int u, int kernel, int dilation, int stride, int apart) {
  for (int k = kernel - 1; k > kernel - 1 - apart && k >= 0; k--) {
    if ((u - k * dilation) % stride == 0) return k;
  }
  return -1;
}
void compute(int t) {
${decode}
  int q0 = q / stride.z;
  int r = q - q0 * stride.z;
  q = q0;
${decodeRow}
  ivec3 u = origin + ivec3(z, y, r + stride.z * j * ${v.pixels});
  ivec3 top = ivec3(
    greatest(u.x, kernel.x, dilation.x, stride.x, apart.x),
    greatest(u.y, kernel.y, dilation.y, stride.y, apart.y),
    greatest(u.z, kernel.z, dilation.z, stride.z, apart.z)
  );
  ivec3 count = ivec3(0);
  if (all(greaterThanEqual(top, ivec3(0)))) {
    count = top / apart + 1;
    ivec3 first = (u - top * dilation) / stride;
    at += first.x * pitch.x + first.y * pitch.y + first.z;
    weightAt += top.x * tapHop.x + top.y * tapHop.y + top.z * tapHop.z;
  }
  vec4 ${Array.from({ length: v.pixels }, (_, i) => `a${i} = vec4(0.0)`).join(', ')};
${loops(v)}
}`,
  }));
}

/** How many pixels an invocation takes: as many as there are targets, unless rows are short. */
function pixelsFor(engine: Engine, width: number): number {
  return engine.maxTargets >= 8 && width > 4 ? 8 : 4;
}

/** Packed x (in the plan's `xFrame`) by packed weights: y without bias. */
export function sweepForward(engine: Engine, x: Texture, w: Texture, g: ConvGeometry, plan: ConvPlan): Swept {
  const { inBlocks, outBlocks, lanes, taps, xFrame } = plan;
  const [depth, height, width] = g.outSize;
  const pixels = pixelsFor(engine, width);
  const across = Math.ceil(width / pixels);
  const pitch = [xFrame.size[1] * xFrame.size[2], xFrame.size[2], 1];
  const block = taps * lanes;
  const kernel = forwardKernel({ transposed: false, lanes, pixels, slides: g.kernel[2] > 1 && g.stride[2] === g.dilation[2] });
  const texture = engine.draw(kernel, g.batch * g.groups * outBlocks * depth * height * across, {
    inputs: { x, w },
    uniforms: {
      groups: g.groups,
      outer: outBlocks,
      blocks: inBlocks,
      rows: [depth, height],
      across,
      positions: volume(xFrame.size),
      count: g.kernel,
      step: [g.stride[0] * pitch[0], g.stride[1] * pitch[1], g.stride[2] * pixels],
      hop: perAxis((a) => g.dilation[a] * pitch[a]),
      weightHop: [g.kernel[1] * g.kernel[2] * lanes, g.kernel[2] * lanes, lanes],
      blockHop: block,
      outerHop: inBlocks * block,
      weightGroup: outBlocks * inBlocks * block,
      pixelStep: g.stride[2],
    },
  });
  return { texture, pixels, residues: 1, across };
}

/** Packed dy (in the plan's `dyFrame`) by packed weights: dx. */
export function sweepGradient(engine: Engine, dy: Texture, w: Texture, g: ConvGeometry, plan: ConvPlan): Swept {
  const { inBlocks, outBlocks, lanes, taps, dyFrame } = plan;
  const [depth, height, width] = g.inSize;
  const residues = g.stride[2];
  const perResidue = Math.ceil(width / residues);
  const pixels = pixelsFor(engine, perResidue);
  const across = Math.ceil(perResidue / pixels);
  const pitch = [dyFrame.size[1] * dyFrame.size[2], dyFrame.size[2], 1];
  const block = taps * lanes;
  const apart = perAxis((a) => g.stride[a] / gcd(g.stride[a], g.dilation[a]));
  const tapHop = [g.kernel[1] * g.kernel[2] * lanes, g.kernel[2] * lanes, lanes];
  const move = perAxis((a) => (apart[a] * g.dilation[a]) / g.stride[a]);
  const kernel = gradientKernel({ transposed: true, lanes, pixels, slides: g.kernel[2] > apart[2] && move[2] === 1 });
  const texture = engine.draw(kernel, g.batch * g.groups * inBlocks * depth * height * residues * across, {
    inputs: { x: dy, w },
    uniforms: {
      groups: g.groups,
      outer: inBlocks,
      blocks: outBlocks,
      rows: [depth, height],
      across,
      positions: volume(dyFrame.size),
      stride: g.stride,
      dilation: g.dilation,
      kernel: g.kernel,
      apart,
      origin: perAxis((a) => g.padLow[a] + dyFrame.low[a] * g.stride[a]),
      pitch: [pitch[0], pitch[1]],
      hop: perAxis((a) => move[a] * pitch[a]),
      tapHop,
      weightHop: perAxis((a) => -apart[a] * tapHop[a]),
      blockHop: inBlocks * block,
      outerHop: block,
      weightGroup: outBlocks * inBlocks * block,
      pixelStep: 1,
    },
  });
  return { texture, pixels, residues, across };
}
