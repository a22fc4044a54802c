import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';

/**
 * Images as the sweeps read them: four channels of one group to a texel, missing ones 0.
 *
 *     [n][group][channel / 4][position]  ->  texel ((n * groups + g) * fours + c4) * positions + s
 *
 *     lanes   c  c+1  c+2  c+3   at one position
 */
const packImages: Kernel = {
  name: 'conv pack images',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: { fours: 'int', channels: 'int', positions: 'int' },
  body: `void compute(int t) {
  int s = t % positions, rest = t / positions;
  int c = (rest % fours) * 4, ng = rest / fours;
  int at = x_at + (ng * channels + c) * positions + s;
  int left = channels - c;
  out0 = vec4(
    x_el(at),
    left > 1 ? x_el(at + positions) : 0.0,
    left > 2 ? x_el(at + 2 * positions) : 0.0,
    left > 3 ? x_el(at + 3 * positions) : 0.0);
}`,
};

/**
 * Weights as the sweeps read them: for each four outputs and each tap, the four inputs one after another, each a texel of
 * four outputs. (What is output and what is input changes with the direction.)
 *
 *     texel (((g * outs + o4) * taps + tap) * ins + i4) * 4 + i
 *
 *     lanes   o  o+1  o+2  o+3   of one input channel and one tap
 *
 * With a single input channel there are no fours: texel (g * outs + o4) * taps + tap.
 */
const packWeights = (single: boolean): Kernel => ({
  name: `conv pack weights${single ? ', single' : ''}`,
  inputs: { w: 'float32' },
  output: 'float32',
  uniforms: { outs: 'int', ins: 'int', taps: 'int', outputs: 'int', inputs: 'int', group_step: 'int', out_step: 'int', in_step: 'int' },
  body: `void compute(int t) {
${single ? '  int i = 0, rest = t;' : '  int i = t & 3, rest = t >> 2;\n  i += (rest % ins) * 4;\n  rest /= ins;'}
  int tap = rest % taps;
  rest /= taps;
  int o = (rest % outs) * 4;
  int at = w_at + (rest / outs) * group_step + o * out_step + i * in_step + tap;
  int left = i < inputs ? outputs - o : 0;
  out0 = vec4(
    left > 0 ? w_el(at) : 0.0,
    left > 1 ? w_el(at + out_step) : 0.0,
    left > 2 ? w_el(at + 2 * out_step) : 0.0,
    left > 3 ? w_el(at + 3 * out_step) : 0.0);
}`,
});
const packWeightsFours = packWeights(false);
const packWeightsSingle = packWeights(true);

export const fours = (n: number): number => (n + 3) >> 2;
export const volume = ([d, h, w]: readonly [number, number, number]): number => d * h * w;

/** `x` is [batch, groups * channels, ...positions]. */
export function packedImages(engine: Engine, x: TensorRef, batch: number, groups: number, channels: number, positions: number): Texture {
  const texels = batch * groups * fours(channels) * positions;
  return engine.draw(packImages, texels, { inputs: { x }, uniforms: { fours: fours(channels), channels, positions } });
}

/** The weights of `g` for a forward sweep, or for the adjoint one from outputs to inputs. */
export function packedWeights(engine: Engine, w: TensorRef, g: ConvGeometry, adjoint: boolean): Texture {
  const taps = volume(g.kernel);
  const [ci, co] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const [inputs, outputs] = adjoint ? [co, ci] : [ci, co];
  const [inStep, outStep] = adjoint ? [ci * taps, taps] : [taps, ci * taps];
  const single = inputs === 1;
  const texels = g.groups * fours(outputs) * taps * (single ? 1 : fours(inputs) * 4);
  return engine.draw(single ? packWeightsSingle : packWeightsFours, texels, {
    inputs: { w },
    uniforms: {
      outs: fours(outputs),
      ins: fours(inputs),
      taps,
      outputs,
      inputs,
      group_step: co * ci * taps,
      out_step: outStep,
      in_step: inStep,
    },
  });
}
