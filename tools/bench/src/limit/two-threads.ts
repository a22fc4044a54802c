import { Worker } from 'node:worker_threads';
import { clocked, type Runner } from '../timing.js';
import { peakArguments, type PeakLoop } from './peak.js';

/** The same work of the register-only loop by one thread and by two: what a second core is worth here and now. */
export interface ScalingLimit {
  one: Runner;
  two: Runner;
  close(): Promise<void>;
}

/** Words that both threads see: runs asked for (negative: the end), runs finished, iterations of a run. */
const slot = { asked: 0, finished: 1, iterations: 2 } as const;

/** The second thread. It sleeps between runs, so that others' turns have the core to themselves. A text: it needs no file to be found. */
const secondThread = `
const { module, words, slot, peakArguments } = require('node:worker_threads').workerData;
const { peak } = new WebAssembly.Instance(module).exports;
for (let seen = 0; ; ) {
  Atomics.wait(words, slot.asked, seen);
  seen = Atomics.load(words, slot.asked);
  if (seen < 0) break;
  peak(Atomics.load(words, slot.iterations), ...peakArguments);
  Atomics.add(words, slot.finished, 1);
}`;

/** Some 40 ms on one thread: long beside the microseconds that waking a thread takes. */
const usualIterations = 5_000_000;
const deadlineMs = 10_000;

/** `iterations`: of both threads together. */
export function scalingLimit(loop: PeakLoop, iterations: number = usualIterations): ScalingLimit {
  const words = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(secondThread, { eval: true, workerData: { module: loop.module, words, slot, peakArguments } });
  let runs = 0;
  const ask = (value: number): void => {
    Atomics.store(words, slot.asked, value);
    Atomics.notify(words, slot.asked);
  };
  const both = (): void => {
    Atomics.store(words, slot.iterations, iterations / 2);
    ask(++runs);
    loop.time(iterations / 2);
    const start = performance.now();
    while (Atomics.load(words, slot.finished) < runs) {
      if (performance.now() - start > deadlineMs) throw new Error('the second thread does not answer');
    }
  };
  return {
    one: { run: () => loop.time(iterations) },
    two: { run: () => clocked(both) },
    close: async () => {
      ask(-1);
      await worker.terminate();
    },
  };
}
