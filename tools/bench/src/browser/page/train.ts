import { timing } from '../../timing.js';
import { between } from '../counting/counts.js';
import { type Memory, type Phase, settlingSteps, type Training, type TrainingJob } from '../protocol.js';

/** LeNet-5 in somebody's hands. */
interface Trainee {
  /** Null: it does not offer that. */
  warmUp(batch: number): Promise<unknown> | null;
  stepAndRead(batch: number): Promise<number>;
  memory(): { tensors: number; bytes: number };
}

async function konv(name: string): Promise<Trainee> {
  const { konvBackend } = await import('../../konv/contender.js');
  const { LeNetTraining } = await import('../../konv/models.js');
  const backend = await konvBackend(name);
  const training = new LeNetTraining(backend, 'drawn');
  return {
    warmUp: (batch) => training.warmUp(batch),
    stepAndRead: (batch) => training.stepAndRead(batch),
    memory: () => backend.memory(),
  };
}

async function tfjs(): Promise<Trainee> {
  const { TfLeNet } = await import('../../peers/tfjs-lenet.js');
  const { loadTf } = await import('./load-tf.js');
  const tf = await loadTf();
  const training = new TfLeNet(tf);
  return {
    warmUp: () => null,
    stepAndRead: (batch) => training.stepAndRead(batch),
    memory: () => {
      const { numTensors, numBytesInGPU } = tf.memory() as { numTensors: number; numBytesInGPU?: number };
      return { tensors: numTensors, bytes: numBytesInGPU ?? 0 };
    },
  };
}

const counted = () => ({ ...globalThis.konvBenchCounts?.counts }) as Parameters<typeof between>[0];

/** Runs `work` so many times and says what one cost. */
async function phase(work: () => Promise<unknown>, times = 1): Promise<Phase> {
  const before = counted();
  const samples: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  const ms = timing(samples).median;
  if (!globalThis.konvBenchCounts) return { ms, counts: null };
  const counts = between(before, counted());
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) if (key !== 'textureBytes') counts[key] /= times;
  return { ms, counts };
}

/**
 * One contender from a bare page on: set-up, its first step, more, then the same at another batch size. A step ends when
 * its loss is on the host.
 */
export async function training({ contender, batch, otherBatch, steps, warmUp }: TrainingJob): Promise<Training> {
  const losses: number[] = [];
  let trainee!: Trainee;
  const setUp = await phase(async () => {
    trainee = await (contender === 'tfjs-webgl' ? tfjs() : konv(contender));
  });
  const step = (size: number) => async () => {
    losses.push(await trainee.stepAndRead(size));
  };
  let offered = false;
  const warmed = warmUp
    ? await phase(async () => {
        const warming = trainee.warmUp(batch);
        offered = warming !== null;
        await warming;
      })
    : null;
  const first = await phase(step(batch));
  // What they still compile (for momentum that was zero, for what has come often) is no part of a step.
  const settling = await phase(async () => {
    for (let i = 0; i < settlingSteps; i++) await step(batch)();
  });
  const later = await phase(step(batch), steps);
  const memory: Memory = { ...trainee.memory(), textureBytes: globalThis.konvBenchCounts?.counts.textureBytes ?? null };
  const otherFirst = otherBatch === null ? null : await phase(step(otherBatch));
  const otherLater = otherBatch === null ? null : await phase(step(otherBatch), steps);
  return {
    contender,
    warmed: offered,
    setUp,
    warmUp: offered ? warmed : null,
    first,
    settling,
    later,
    otherFirst,
    otherLater,
    losses,
    memory,
  };
}
