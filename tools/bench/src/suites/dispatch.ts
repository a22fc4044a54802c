import type { Tensor } from '@konv/core-tensor';
import { rand, scope, useBackend } from 'konv';
import type { Context } from '../compare.js';
import { clocked, interleave, timing } from '../timing.js';

/** Ops of one run. */
export const chainLength = 1000;

/** What an op costs beside its kernel: chains of additions of four numbers. */
export async function dispatchSuite(context: Context): Promise<void> {
  context.heading('dispatch', `chains of ${chainLength} additions of 4 numbers: what an op costs beside its kernel`, []);
  const chain = (start: Tensor, one: Tensor): Tensor => {
    let y = start;
    for (let i = 0; i < chainLength; i++) y = y.add(one);
    return y;
  };
  for (const { name } of context.ours) {
    useBackend(name);
    const one = rand([4]);
    const leaf = rand([4], { requiresGrad: true });
    const cases: [string, () => void][] = [
      ['forward', () => scope(() => void chain(one, one))],
      ['+ tape', () => scope(() => void chain(leaf, one))],
      ['+ backward', () => scope(() => chain(leaf, one).sum().backward())],
    ];
    for (const [op, work] of cases) {
      const [outcome] = await interleave([{ run: () => clocked(work) }], context.budget);
      if (outcome instanceof Error) throw outcome;
      const ms = timing(outcome);
      const note = `${((ms.median / chainLength) * 1000).toFixed(2)} us an op`;
      context.report({ suite: 'dispatch', op, shape: '[4]', backend: name, ms, gflops: null, limits: [], peers: [], note });
    }
    for (const t of [one, leaf]) t.dispose();
  }
}
