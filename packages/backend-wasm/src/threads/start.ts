import { BackendError } from '@konv/core-tensor';
import type { WasmModule } from '@konv/wasm-kernels';
import { instantiateKernels } from '@konv/wasm-kernels';
import type { Heap } from '../heap/heap.js';
import { control, MAX_THREADS } from './control.js';
import { PoolRunner } from './pool-runner.js';
import { Caller, type Runner, SingleRunner } from './runner.js';
import { sayOnce } from './say.js';
import { isNode, type Spawn, spawns, type WorkerHandle } from './spawn.js';
import type { WorkerAnswer, WorkerGo, WorkerSetup } from './worker-main.js';

/** How long a worker looks for the next job before it sleeps: longer than the JS between two ops takes, too short to warm a lap. */
const WORKER_SPIN_MS = 0.1;
const START_MS = 5000;
const STALL_MS = 30_000;

/** How many threads there can be, and which memory they need. */
export interface ThreadPlan {
  readonly threads: number;
  /** The heap must be shared, and the kernels compiled for a shared memory. */
  readonly shared: boolean;
}

/**
 * @param asked threads in all; default: the machine's cores
 * @throws BackendError when that is no whole number from 1 on
 */
export async function planThreads(asked?: number): Promise<ThreadPlan> {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1)) {
    throw new BackendError('wasm', `expected threads to be a whole number from 1 on, got ${asked}; leave it out for one a core`);
  }
  const threads = Math.min(asked ?? cores(), MAX_THREADS);
  if (threads === 1) return { threads, shared: false };
  if (mayShareMemory()) return { threads, shared: true };
  sayOnce(
    asked === undefined ? 'info' : 'warn',
    `this page is not cross-origin isolated, so the wasm backend has one thread instead of ${threads}; serve it with ` +
      '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp" for more',
  );
  return { threads: 1, shared: false };
}

function cores(): number {
  if (!isNode()) return (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
  return process.getBuiltinModule?.('node:os').availableParallelism() ?? 1;
}

function mayShareMemory(): boolean {
  return typeof SharedArrayBuffer === 'function' && (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
}

export interface StartOptions {
  readonly heap: Heap;
  /** Compiled for the heap's kind of memory. */
  readonly module: WasmModule;
  /** Names of the exports that are kernels. */
  readonly kernels: readonly string[];
  /** In all, the caller's among them; from `planThreads`. More than 1 needs a shared heap. */
  readonly threads: number;
  /** For tests: ways to start a worker; how long one may take to start, and to come back from a job. */
  readonly spawns?: readonly Spawn[];
  readonly startMs?: number;
  readonly stallMs?: number;
}

/** Starts the threads. Those that do not start are done without, which is said once. */
export async function startThreads(options: StartOptions): Promise<Runner> {
  const { heap, module, kernels, threads, stallMs = STALL_MS, startMs = START_MS } = options;
  const exported = instantiateKernels(module, heap.memory) as unknown as Readonly<Record<string, unknown>>;
  const caller = new Caller(heap, exported, threads);
  if (threads === 1 || !heap.shared) return new SingleRunner(caller);

  const ways = options.spawns ?? spawns();
  const workers = new Map<number, WorkerHandle>();
  const refusals: string[] = [];
  const start = async (thread: number): Promise<void> => {
    const setup = { module, memory: heap.memory, kernels, thread, control, spinMs: WORKER_SPIN_MS };
    const reasons: string[] = [];
    for (const spawn of ways) {
      const worker = await startOne(spawn, { setup }, startMs);
      if (typeof worker !== 'string') return void workers.set(thread, worker);
      reasons.push(worker);
    }
    refusals.push(reasons.join('; ') || 'there are no workers here');
  };
  await Promise.all(Array.from({ length: threads - 1 }, (_, i) => start(i + 1)));

  if (refusals.length > 0) {
    const text = `the wasm backend has ${1 + workers.size} of ${threads} threads, the others did not start (${[...new Set(refusals)].join('; ')})`;
    sayOnce('warn', text);
  }
  if (workers.size === 0) return new SingleRunner(caller);
  const pool = new PoolRunner({ heap, caller, kernels, workers, stallMs });
  // Only now may they claim work: one that answered too late must not.
  for (const worker of workers.values()) {
    worker.post({ go: true } satisfies WorkerGo);
    worker.release();
  }
  return pool;
}

/** A worker that has compiled everything and waits for its go, or why there is none. */
function startOne(spawn: Spawn, setup: WorkerSetup, startMs: number): Promise<WorkerHandle | string> {
  return new Promise((resolve) => {
    let worker: WorkerHandle | null = null;
    const settle = (refusal: string | null) => {
      clearTimeout(timer);
      if (refusal === null && worker !== null) return resolve(worker);
      worker?.terminate();
      resolve(refusal ?? 'it did not start');
    };
    const timer = setTimeout(() => settle(`no answer within ${startMs / 1000} s`), startMs);
    try {
      worker = spawn(`konv-wasm-${setup.setup.thread}`);
      worker.onMessage((message) => {
        const answer = message as WorkerAnswer;
        settle('refused' in answer ? answer.refused : null);
      });
      worker.onDeath((reason) => settle(reason));
      worker.post(setup);
    } catch (error) {
      settle(String(error));
    }
  });
}
