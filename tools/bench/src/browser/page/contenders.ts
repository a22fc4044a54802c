import type { Contender } from '../../contender.js';
import { type KonvContender, konvBackend, konvContender } from '../../konv/contender.js';
import { type TfEngine, tfjsConv, tfjsGemm } from '../../peers/tfjs-kernels.js';
import { tfjsLeNet } from '../../peers/tfjs-lenet.js';
import type { Clock } from '../../timing.js';
import type { pagePeerNames } from '../names.js';
import { contextsOf, Drain } from './contexts.js';
import { loadTf } from './load-tf.js';

const loaded = new Map<string, Promise<KonvContender>>();

/** Ours on a backend of this page. One without WebGL says itself when it is done. */
export function ours(name: string): Promise<KonvContender> {
  const made = loaded.get(name) ?? load(name);
  loaded.set(name, made);
  return made;
}

async function load(name: string): Promise<KonvContender> {
  const drains = (await contextsOf(() => konvBackend(name))).map((gl) => new Drain(gl));
  if (drains.length === 0) return konvContender(name);
  return konvContender(name, (backend): Clock => {
    return async (work) => {
      const start = performance.now();
      work();
      // Has it submit what it may have queued. Its promise looks at a fence now and then; the drain is exact.
      const synced = backend.sync();
      for (const drain of drains) drain.now();
      const ms = performance.now() - start;
      await synced;
      return ms;
    };
  });
}

let engine: Promise<TfEngine> | null = null;

async function tfEngine(): Promise<TfEngine> {
  let tf: Awaited<ReturnType<typeof loadTf>> | null = null;
  const contexts = await contextsOf(async () => {
    tf = await loadTf();
  });
  const drains = contexts.map((gl) => new Drain(gl));
  const clock: Clock = (work) => {
    const start = performance.now();
    work();
    for (const drain of drains) drain.now();
    return performance.now() - start;
  };
  return { tf: tf!, backend: 'webgl', clock };
}

const tfjs = (): Promise<TfEngine> => (engine ??= tfEngine());

async function tfjsWebgl(): Promise<Contender> {
  const engine = await tfjs();
  return {
    name: 'tfjs-webgl',
    about: `TensorFlow.js ${engine.tf.version_core}, webgl backend; kernels called directly, NHWC`,
    kinds: ['gemm', 'conv', 'lenet'],
    prepare: (task) => {
      if (task.kind === 'gemm') return tfjsGemm(engine, task);
      if (task.kind === 'lenet') return tfjsLeNet(engine, task);
      return task.kind === 'conv' ? tfjsConv(engine, task, 'NHWC') : null;
    },
  };
}

async function tfjsWebglNchw(): Promise<Contender> {
  const engine = await tfjs();
  return {
    name: 'tfjs-nchw',
    about: 'the same kernels, each run with the transposes NCHW -> NHWC -> NCHW',
    kinds: ['conv'],
    prepare: (task) => (task.kind === 'conv' ? tfjsConv(engine, task, 'NCHW') : null),
  };
}

/** Peers by name. */
export const pagePeers: Readonly<Record<(typeof pagePeerNames)[number], () => Promise<Contender>>> = {
  'tfjs-webgl': tfjsWebgl,
  'tfjs-nchw': tfjsWebglNchw,
};
