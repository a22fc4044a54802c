/** A training that is interrupted and goes on comes to the same numbers, bit for bit, as one that is not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strangerBackend } from '@konv/backend-testkit';
import {
  defaultGenerator,
  FormatError,
  Generator,
  manualSeed,
  memory,
  rand,
  randint,
  registerBackend,
  type Tensor,
  useBackend,
} from '@konv/core-tensor';
import { DataLoader, TensorDataset } from '@konv/data';
import * as nn from '@konv/layers';
import {
  accuracy,
  type Callback,
  checkpoint,
  earlyStopping,
  type History,
  type Loader,
  lrScheduler,
  optim,
  precision,
  readCheckpoint,
  Trainer,
  type TrainerState,
} from '@konv/trainer';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './support.js';

const EPOCHS = 3;
/** 40 pictures in batches of 8. */
const STEPS = 5;

type Kind = 'SGD' | 'Adam' | 'RMSprop';
interface Recipe {
  optimizer: Kind;
  schedule: 'epoch' | 'step' | 'plateau';
  loader: 'shuffled' | 'own generator' | 'iterable' | 'unknown length';
  accumulate: number;
}
const plain: Recipe = { optimizer: 'SGD', schedule: 'epoch', loader: 'shuffled', accumulate: 1 };

/** Everything anew, as a fresh process makes it. */
function setUp(recipe: Recipe) {
  manualSeed(11);
  const x = rand([40, 1, 8, 8]);
  const t = randint(0, 3, [40]);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 3, 3),
    new nn.BatchNorm2d(3),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(27, 3),
  );
  const optimizer =
    recipe.optimizer === 'SGD'
      ? new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })
      : recipe.optimizer === 'Adam'
        ? new optim.Adam(model.parameters(), { lr: 0.01 })
        : new optim.RMSprop(model.parameters(), { lr: 0.003, momentum: 0.5, centered: true });
  const scheduler =
    recipe.schedule === 'epoch'
      ? new optim.CosineAnnealingLR(optimizer, { tMax: EPOCHS })
      : recipe.schedule === 'step'
        ? new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 40, cycleMomentum: recipe.optimizer === 'SGD' })
        : new optim.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.5 });
  const dataset = new TensorDataset(x, t);
  const generator = recipe.loader === 'own generator' ? new Generator(5) : undefined;
  const shuffled = new DataLoader(dataset, { batchSize: 8, shuffle: true, generator });
  // Its order comes from the global generator, and it keeps no place.
  const iterable: Loader = {
    ...(recipe.loader === 'iterable' ? { length: STEPS } : {}),
    [Symbol.asyncIterator]: () => shuffled[Symbol.asyncIterator](),
  };
  const loader = recipe.loader === 'iterable' || recipe.loader === 'unknown length' ? iterable : (shuffled as Loader);
  const validation = new DataLoader(dataset, { batchSize: 16, shuffle: true });
  const metrics = { accuracy, precision: precision({ classes: 3 }) };
  const trainer = new Trainer({ model, loss: new nn.CrossEntropyLoss(), optimizer, metrics });
  const callbacks: Callback[] = [
    lrScheduler(scheduler, { interval: recipe.schedule === 'step' ? 'step' : 'epoch' }),
    earlyStopping({ patience: 1, minDelta: 10 }),
  ];
  const options = { epochs: EPOCHS, validation, callbacks, accumulateGradBatches: recipe.accumulate, gradientClipVal: 1 };
  return { model, optimizer, trainer, loader, options, callbacks, dispose: () => [x, t].forEach((v) => v.dispose()) };
}

/** What must be the same: all numbers but the seconds. */
function outcome({ model, optimizer }: ReturnType<typeof setUp>, history: History) {
  const values = (t: unknown) => (typeof t === 'object' ? [...(t as Tensor).dataSync()] : t);
  return {
    model: Object.entries(model.stateDict()).map(([key, t]) => [key, values(t)]),
    optimizer: Object.values(optimizer.stateDict().state).map((s) => Object.entries(s).map(([k, v]) => [k, values(v)])),
    groups: optimizer.stateDict().paramGroups,
    losses: history.losses,
    epochs: history.epochs.map(({ seconds: _, ...rest }) => rest),
    stopped: history.stopped,
    rng: [...defaultGenerator().getState()],
  };
}

async function whole(recipe: Recipe) {
  const s = setUp(recipe);
  const history = await s.trainer.fit(s.loader, s.options);
  const result = outcome(s, history);
  s.dispose();
  return result;
}

/** Trains until `stop` says so, saves, and goes on in a fresh set-up after the generator was used for something else. */
async function interrupted(recipe: Recipe, stops: readonly Stop[], path: string | null) {
  let state: TrainerState | string | undefined;
  for (const stop of [...stops, null]) {
    const s = setUp(recipe);
    manualSeed(99);
    const control = new AbortController();
    const callbacks = stop ? [...s.callbacks, stop(control)] : s.callbacks;
    const resume = state === undefined ? {} : { resume: state };
    if (state === undefined) setUp(recipe).dispose();
    const history = await s.trainer.fit(s.loader, { ...s.options, ...resume, callbacks, signal: control.signal });
    if (stop === null) {
      const result = outcome(s, history);
      s.dispose();
      return result;
    }
    expect(history.stopped).not.toBeNull();
    if (path) await s.trainer.saveCheckpoint(path);
    state = path ?? (await s.trainer.stateDict());
    s.dispose();
  }
  throw new Error('unreachable');
}

type Stop = (control: AbortController) => Callback;
const afterStep =
  (n: number): Stop =>
  (control) => ({ onStep: (p) => (p.totalSteps === n ? control.abort() : undefined) });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konv-resume-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a training goes on as if it had not been interrupted', () => {
  const recipes: [string, Recipe][] = [
    ['SGD, cosine', plain],
    ['Adam, one cycle by step, gradients of two batches', { ...plain, optimizer: 'Adam', schedule: 'step', accumulate: 2 }],
    ['RMSprop, plateau, a loader with its own generator', { ...plain, optimizer: 'RMSprop', schedule: 'plateau', loader: 'own generator' }],
    ['a plain iterable', { ...plain, loader: 'iterable', accumulate: 3 }],
    ['an iterable of unknown length', { ...plain, loader: 'unknown length', accumulate: 2 }],
  ];
  it.each(recipes)('%s: after any step', async (_, recipe) => {
    const expected = await whole(recipe);
    expect(expected.losses.length).toBe(EPOCHS * STEPS);
    for (const step of [1, 4, STEPS, STEPS + 1, 2 * STEPS, 13]) {
      expect(await interrupted(recipe, [afterStep(step)], null), `step ${step}`).toEqual(expected);
    }
  });

  it('on a backend of the required kernels only', async () => {
    useBackend(registerBackend(strangerBackend('stranger')) as string);
    try {
      const recipe: Recipe = { ...plain, optimizer: 'Adam', accumulate: 2 };
      expect(await interrupted(recipe, [afterStep(3), afterStep(8)], join(folder, 'stranger.safetensors'))).toEqual(await whole(recipe));
    } finally {
      useBackend('cpu-js');
    }
  });

  it('from a file, more than once, wherever it was stopped', async () => {
    const expected = await whole(plain);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: EPOCHS * STEPS - 1 }), { minLength: 1, maxLength: 3 }), async (list) => {
        const stops = list.sort((a, b) => a - b).map(afterStep);
        expect(await interrupted(plain, stops, join(folder, 'any.safetensors'))).toEqual(expected);
      }),
      { numRuns: 6, seed: 1 },
    );
  });

  it('stopped between epochs by a callback, and in the validation', async () => {
    const expected = await whole(plain);
    const between: Stop = () => ({ onEpochEnd: (p) => (p.epoch === 2 ? p.stop('enough') : undefined) });
    expect(await interrupted(plain, [between], null)).toEqual(expected);
    const inValidation: Stop = (control) => {
      let evaluations = 0;
      return {
        onEpochStart: (p) => {
          const { model } = p.trainer;
          const evaluate = model.eval.bind(model);
          model.eval = () => {
            if (++evaluations === 2) queueMicrotask(() => control.abort());
            return evaluate();
          };
        },
      };
    };
    expect(await interrupted(plain, [inValidation], null)).toEqual(expected);
  });

  it('after it crashed, from the last checkpoint that a callback wrote', async () => {
    const expected = await whole(plain);
    const path = join(folder, 'crash.safetensors');
    const s = setUp(plain);
    const boom: Callback = { onStep: (p) => (p.totalSteps === 9 ? Promise.reject(new Error('power cut')) : undefined) };
    const saving = [...s.callbacks, checkpoint(path, { weightsOnly: false, everySteps: 3 }), boom];
    await expect(s.trainer.fit(s.loader, { ...s.options, callbacks: saving })).rejects.toThrow('power cut');
    s.dispose();
    expect((await readCheckpoint(path)).place?.totalSteps).toBe(6);
    const again = setUp(plain);
    const history = await again.trainer.fit(again.loader, { ...again.options, resume: path });
    expect(outcome(again, history)).toEqual(expected);
    again.dispose();
  });

  it('counts epochs in all: one that is done has nothing left, and can be given more', async () => {
    const s = setUp(plain);
    await s.trainer.fit(s.loader, { ...s.options, callbacks: [] });
    const state = await s.trainer.stateDict();
    const done = await s.trainer.fit(s.loader, { ...s.options, callbacks: [], resume: state });
    expect([done.epochs.length, done.losses.length, done.stopped]).toEqual([3, 15, null]);
    const more = await s.trainer.fit(s.loader, { ...s.options, callbacks: [], epochs: 4, resume: state });
    expect([more.epochs.length, more.losses.length]).toEqual([4, 20]);
    s.dispose();
  });
});

describe('a checkpoint that does not fit changes nothing', () => {
  it('names what is wrong', async () => {
    const s = setUp(plain);
    const control = new AbortController();
    await s.trainer.fit(s.loader, { ...s.options, signal: control.signal, callbacks: [afterStep(7)(control)] });
    const state = await s.trainer.stateDict();
    const before = JSON.stringify(outcome(s, { epochs: [], losses: [], stopped: null }));
    const wrong: [Partial<TrainerState> | TrainerState, RegExp][] = [
      [{ ...state, version: 2 as never }, /version 1, got version 2/],
      [{ ...state, optimizer: { ...state.optimizer, kind: 'Adam' } }, /expected the state of SGD, got that of Adam/],
      [{ ...state, optimizer: { ...state.optimizer, state: { 0: { momentum_buffer: 3 } } } }, /momentum_buffer of parameter 0/],
      [{ ...state, model: {} }, /a checkpoint of this model, got one without "0\.weight"; build the model/],
      [{ ...state, place: { ...state.place!, steps: 9 } }, /a loader of 9 batches, got 5/],
      [{ ...state, place: { ...state.place!, step: -1 } }, /whose step is missing or of another form/],
      [{ ...state, place: { ...state.place!, totalSteps: 3 } }, /whose counts agree/],
      [{ ...state, place: { ...state.place!, rng: { dtype: 'int32', shape: [3], data: new Int32Array(3) } } }, /a generator's state/],
      [{ ...state, place: { ...state.place!, loader: { version: 9 } } }, /DataLoader/],
      [
        { ...state, place: { ...state.place!, callbacks: [{ name: 'earlyStopping', state: {} }] } },
        /\[earlyStopping\] expected a state of/,
      ],
      [{ ...state, place: { ...state.place!, measures: { samples: 1, totals: { loss: 1 }, metrics: {} } } }, /measures of/],
      [null as never, /expected a checkpoint in resume, got null/],
      [3 as never, /a trainer's state, got number/],
      [join(folder, 'none.safetensors') as never, /none\.safetensors/],
    ];
    for (const [resume, message] of wrong) {
      await expect(s.trainer.fit(s.loader, { ...s.options, resume: resume as TrainerState }), String(message)).rejects.toThrow(message);
      expect(JSON.stringify(outcome(s, { epochs: [], losses: [], stopped: null })), String(message)).toBe(before);
    }
    s.dispose();
  });

  it('a file of weights is no training', async () => {
    const s = setUp(plain);
    const path = join(folder, 'weights.safetensors');
    await s.trainer.fit(s.loader, { ...s.options, epochs: 1, callbacks: [checkpoint(path)] });
    await expect(s.trainer.fit(s.loader, { ...s.options, resume: path })).rejects.toThrow(
      /got a file of tensors only; load it into the model/,
    );
    s.dispose();
  });

  it('and fewer batches than were seen are refused', async () => {
    const recipe = { ...plain, loader: 'unknown length' } as const;
    const s = setUp(recipe);
    const control = new AbortController();
    await s.trainer.fit(s.loader, { ...s.options, signal: control.signal, callbacks: [afterStep(4)(control)] });
    const state = await s.trainer.stateDict();
    const short = { [Symbol.asyncIterator]: async function* () {} } as unknown as Loader;
    await expect(s.trainer.fit(short, { ...s.options, resume: state })).rejects.toThrow(/at least the 4 batches that were seen, got 0/);
    s.dispose();
  });
});

describe('memory', () => {
  it('is as before after any number of interruptions, resumes and refusals', async () => {
    const s = setUp({ ...plain, optimizer: 'Adam', accumulate: 3 });
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const control = new AbortController();
      await s.trainer.fit(s.loader, { ...s.options, signal: control.signal, callbacks: [afterStep(7)(control)] });
      const state = await s.trainer.stateDict();
      expect(Object.keys(state.gradients).length).toBeGreaterThan(0);
      await expect(s.trainer.fit(s.loader, { ...s.options, resume: { ...state, model: {} } })).rejects.toThrow(FormatError);
      await s.trainer.fit(s.loader, { ...s.options, callbacks: [], resume: state });
      counts.push(memory().tensors);
    }
    expect(new Set(counts.slice(1)).size).toBe(1);
    s.dispose();
  });
});

describe('stateDict', () => {
  it('is refused while a batch is under way, and after a step that failed', async () => {
    const s = setUp(plain);
    let during: Promise<unknown> | null = null;
    const forward = s.model.forward.bind(s.model);
    s.model.forward = (x: Tensor) => {
      during ??= s.trainer.stateDict().catch((e: Error) => e.message);
      return forward(x) as Tensor;
    };
    await s.trainer.fit(s.loader, { ...s.options, epochs: 1 });
    expect(await during).toMatch(/expected no batch under way/);
    s.model.forward = () => {
      throw new Error('boom');
    };
    await expect(s.trainer.fit(s.loader, { ...s.options, epochs: 1 })).rejects.toThrow('boom');
    await expect(s.trainer.stateDict()).rejects.toThrow(/got one that failed within a step/);
    s.dispose();
  });

  it('of a trainer that has not trained holds the model and the optimizer', async () => {
    const s = setUp(plain);
    const path = join(folder, 'fresh.safetensors');
    await s.trainer.saveCheckpoint(path);
    const state = await readCheckpoint(path);
    expect(state.place).toBeNull();
    const other = setUp({ ...plain });
    for (const p of other.model.parameters()) p.detach().fill_(0);
    await other.trainer.fit(other.loader, { ...other.options, epochs: 0, resume: path });
    expect(Object.values(other.model.stateDict()).map((t) => [...t.dataSync()])).toEqual(
      Object.values(s.model.stateDict()).map((t) => [...t.dataSync()]),
    );
    s.dispose();
    other.dispose();
  });
});
