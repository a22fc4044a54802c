import type { Engine } from './engine.js';
import { grainOf } from './grain.js';

/** out[channel] = the sum of dy `[batch, channels, pixels]` over batch and pixels, in double; `dy` and `out` are addresses. */
export function biasGrad(engine: Engine, dy: number, batch: number, channels: number, pixels: number, out: number): void {
  engine.run('bias_grad', [dy, out, batch, channels, pixels], { items: channels, grain: grainOf(batch * pixels) });
}
