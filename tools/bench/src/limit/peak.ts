import { clocked, type Runner } from '../timing.js';
import { flopPerIteration, peakModule } from './peak-module.js';

export type PeakFunction = (iterations: number, m: number, d: number) => number;

/** One of the register-only loops, ready to run on this thread. */
export interface PeakLoop {
  name: 'mul+add' | 'FMA';
  module: WebAssembly.Module;
  /** Milliseconds that `iterations` take. */
  time(iterations: number): number;
}

/** m below 1 and a small d: the chains converge, and no number becomes infinite or subnormal. */
export const peakArguments = [0.999999, 1e-7] as const;

export function instantiatePeak(module: WebAssembly.Module): PeakFunction {
  return new WebAssembly.Instance(module).exports['peak'] as PeakFunction;
}

function load(name: PeakLoop['name'], bytes: Uint8Array<ArrayBuffer>): PeakLoop {
  const module = new WebAssembly.Module(bytes);
  const peak = instantiatePeak(module);
  return { name, module, time: (iterations) => clocked(() => void peak(iterations, ...peakArguments)) };
}

/** The loops that this engine can run: multiplication and addition, and fused where relaxed SIMD is there. */
export function peakLoops(): PeakLoop[] {
  const fused = peakModule(true);
  const loops = [load('mul+add', peakModule(false))];
  if (WebAssembly.validate(fused)) loops.push(load('FMA', fused));
  return loops;
}

/** Iterations of a run beside a kernel: some 5 ms, or the scheduler of a busy machine would spare it what it does to kernels. */
const iterations = 600_000;

/** The work of one run of `peakRunner`, in 10^9. */
export const peakGigaflop: number = (iterations * flopPerIteration) / 1e9;

export function peakRunner(loop: PeakLoop): Runner {
  return { run: () => loop.time(iterations) };
}
