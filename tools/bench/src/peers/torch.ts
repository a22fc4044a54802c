import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.js';
import type { Task } from '../tasks.js';

type Reply = { about?: string; prepared?: boolean; ms?: number; error?: string };
type Request = { prepare: number; task: Task } | { run: number } | { drop: number };
type Child = ChildProcessByStdio<Writable, Readable, null>;

const script = fileURLToPath(new URL('../../python/torch_worker.py', import.meta.url));
const remedy = 'on Debian: apt-get install python3-torch libopenblas0-pthread; elsewhere set KONV_PYTHON to a Python that has torch';

/** Debian's own interpreter first: another `python3` on the PATH does not see Debian's packages. */
function findPython(env: NodeJS.ProcessEnv): string | undefined {
  const candidates = [process.env['KONV_PYTHON'], '/usr/bin/python3', 'python3'].filter((name) => name !== undefined);
  return candidates.find((name) => spawnSync(name, ['-c', 'import torch'], { stdio: 'ignore', env }).status === 0);
}

/** Debian's OpenBLAS, for a PyTorch that would take the reference BLAS, which is more than ten times slower. */
function openBlasFolders(): string[] {
  try {
    return readdirSync('/usr/lib')
      .map((name) => join('/usr/lib', name, 'openblas-pthread'))
      .filter((folder) => {
        try {
          return readdirSync(folder).some((file) => file.startsWith('libblas'));
        } catch {
          return false;
        }
      });
  } catch {
    return [];
  }
}

/**
 * One thread everywhere. OpenBLAS chooses kernels and blocks for the processor whatever the user's shell says, unless
 * `coreType` says for which processor.
 */
function environment(coreType: string | null): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) if (!name.startsWith('OPENBLAS_')) env[name] = value;
  for (const library of ['OPENBLAS', 'OMP', 'MKL']) env[`${library}_NUM_THREADS`] = '1';
  if (coreType) env['OPENBLAS_CORETYPE'] = coreType;
  env['LD_LIBRARY_PATH'] = [...openBlasFolders(), env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return env;
}

/** The other process: one line of JSON asked, one line of JSON answered. Time is taken there. */
class Coprocess {
  private readonly waiting: ((reply: Reply) => void)[] = [];
  private gone: string | null = null;

  constructor(private readonly child: Child) {
    createInterface({ input: child.stdout }).on('line', (line) => this.waiting.shift()?.(JSON.parse(line) as Reply));
    const fail = (why: string): void => {
      this.gone = why;
      for (const resolve of this.waiting.splice(0)) resolve({ error: why });
    };
    child.on('error', (e) => fail(e.message));
    child.on('exit', (code, signal) => fail(`PyTorch's process ended (${signal ?? code})`));
    child.stdin.on('error', () => fail("PyTorch's process reads no more"));
  }

  receive(): Promise<Reply> {
    if (this.gone) return Promise.reject(new Error(this.gone));
    return new Promise((resolve, reject) => {
      this.waiting.push((reply) => (reply.error === undefined ? resolve(reply) : reject(new Error(reply.error))));
    });
  }

  ask(request: Request): Promise<Reply> {
    const reply = this.receive();
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return reply;
  }

  async close(): Promise<void> {
    if (this.gone) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    await ended;
  }
}

async function start(name: string, coreType: string | null): Promise<Contender> {
  const env = environment(coreType);
  const python = findPython(env);
  if (!python) throw new Error(`no Python here can import torch; ${remedy}`);
  const coprocess = new Coprocess(spawn(python, ['-u', script], { env, stdio: ['pipe', 'pipe', 'inherit'] }));
  const { about = '' } = await coprocess.receive();
  let tasks = 0;
  return {
    name,
    about,
    kinds: ['gemm', 'conv', 'lenet', 'resnet', 'elementwise'],
    prepare: async (task) => {
      const id = tasks++;
      await coprocess.ask({ prepare: id, task });
      return {
        run: async () => (await coprocess.ask({ run: id })).ms ?? Number.NaN,
        dispose: async () => {
          await coprocess.ask({ drop: id });
        },
      };
    },
    close: () => coprocess.close(),
  };
}

/** PyTorch on one thread, in a process beside ours that takes its turns when asked. */
export function torch(): Promise<Contender> {
  return start('torch', null);
}

/**
 * The same, with OpenBLAS held to AVX2 (256 bits). On processors with AVX-512 it says how much of PyTorch's lead is the
 * width of its registers, which is four times that of WebAssembly's.
 */
export function torchAvx2(): Promise<Contender> {
  if (process.arch !== 'x64') throw new Error('AVX2 is for x64');
  return start('torch-avx2', 'Haswell');
}
