import { columns, compare, type Context } from '../compare.js';
import { copyRunner, hostCopyRunner } from '../konv/kernels.js';
import { bytesTouched, type ElementwiseName } from '../tasks.js';

const names: readonly ElementwiseName[] = ['add', 'mul', 'relu', 'sum', 'exp', 'tanh', 'sigmoid'];
const mebibyte = 2 ** 20;
const size = 16 * mebibyte;

export const kernelCopy = 'copyStrided';
export const hostCopy = 'set()';

/** Elementwise kernels beside a copy that touches the same bytes: memory is their limit, not arithmetic. */
export async function elementwiseSuite(context: Context): Promise<void> {
  context.heading(
    'elementwise',
    `operands of 16 MiB. ${kernelCopy} is a copy of as many bytes by the same backend, ${hostCopy} by TypedArray.set`,
    [kernelCopy, hostCopy, ...columns(context, 'elementwise')],
  );
  for (const contender of context.ours) {
    for (const name of names) {
      const task = { kind: 'elementwise', name, elements: size / 4 } as const;
      const bytes = bytesTouched(task);
      await compare(context, {
        suite: 'elementwise',
        op: name,
        shape: `${bytes / mebibyte} MiB touched`,
        task,
        ours: [contender],
        peers: context.peers,
        beside: [
          { name: kernelCopy, runner: copyRunner(contender.backend, bytes) },
          { name: hostCopy, runner: hostCopyRunner(bytes) },
        ],
      });
    }
  }
}
