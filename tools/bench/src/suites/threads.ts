import type { Context } from '../compare.js';
import { scalingLimit } from '../limit/two-threads.js';
import { convOps, gigaflop, type Task, winogradShapes } from '../tasks.js';
import { type Budget, interleave, type Runner, timing } from '../timing.js';

const pairs: Budget = { ms: Number.POSITIVE_INFINITY, least: 10, most: 10, warmUpMs: 300 };

export const oneThread = '1 thread';
export const peakScaling = 'peak loop';

/**
 * Two threads against one, in ten pairs, and the register-only loop on two threads against one in the same turns: no
 * work that is split in two can scale better than that.
 */
export async function threadsSuite(context: Context): Promise<void> {
  const one = await context.backend('wasm');
  const two = await context.backend('wasm-2');
  const loop = context.loops.at(-1);
  if (!one || !two || !loop) return;
  context.heading('threads', `two threads; columns: how much faster than one, and the same of the ${loop.name} loop`, [
    oneThread,
    peakScaling,
  ]);
  const tasks: [string, string, Task][] = [['a b', '1024^3', { kind: 'gemm', size: 1024, transposeA: false, transposeB: false }]];
  for (const op of convOps) for (const shape of winogradShapes) tasks.push([op, shape.name, { kind: 'conv', op, shape }]);
  const limit = scalingLimit(loop);
  try {
    for (const [op, shape, task] of tasks) {
      const ours = [await one.prepare(task), await two.prepare(task)];
      if (ours.includes(null)) continue;
      const outcomes = await interleave([...(ours as Runner[]), limit.one, limit.two], pairs);
      for (const runner of ours) await runner?.dispose?.();
      const failure = outcomes.find((o) => o instanceof Error);
      if (failure) {
        context.say(`${op}, ${shape}: ${(failure as Error).message}`);
        continue;
      }
      const [single, double, loopSingle, loopDouble] = (outcomes as number[][]).map((samples) => timing(samples));
      const work = gigaflop(task) ?? 0;
      context.report({
        suite: 'threads',
        op,
        shape,
        backend: two.name,
        ms: double,
        gflops: (work / double.median) * 1e3,
        limits: [],
        peers: [
          { name: oneThread, ms: single, gflops: (work / single.median) * 1e3, ratio: single.median / double.median },
          { name: peakScaling, ms: loopDouble, gflops: null, ratio: loopSingle.median / loopDouble.median },
        ],
        note: '',
      });
    }
  } finally {
    await limit.close();
  }
}
