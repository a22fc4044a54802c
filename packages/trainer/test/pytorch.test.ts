/** Optimizers, schedules and clipping against PyTorch: `npm run golden -- optimizers schedulers`. */
import { readFileSync } from 'node:fs';
import { strangerBackend } from '@konv/backend-testkit';
import { memory, Parameter, registerBackend, type Tensor, tensor, toHostArray, useBackend } from '@konv/core-tensor';
import { clipGradNorm, clipGradValue } from '@konv/layers';
import { optim } from '@konv/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './support.js';

interface Stored {
  shape: number[];
  dtype: 'float32' | 'float64';
  data: number[];
}
type Kind = 'SGD' | 'Adam' | 'AdamW' | 'RMSprop' | 'Adagrad';
interface Case {
  optimizer: Kind;
  name: string;
  dtype: 'float32' | 'float64';
  options: object;
  second: object;
  parameters: Stored[];
  grads: (Stored | null)[][];
  after: Stored[][];
  state: Record<string, Record<string, Stored | number>>;
}
const read = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const fixture: { cases: Case[]; errors: { optimizer: Kind; options: object; error: string }[]; clip: Clip[] } = read('optimizers');

const make = ({ shape, dtype, data }: Stored): Tensor => tensor(toHostArray(dtype, data), { shape, dtype });
function expectClose(what: string, t: Tensor, { shape, data, dtype }: Stored): void {
  expect(t.shape, what).toEqual(shape);
  expect(t.dtype, what).toBe(dtype);
  const bound = dtype === 'float64' ? 1e-12 : 2e-6;
  t.dataSync().forEach((v, i) =>
    expect(Math.abs(v - data[i]), `${what}[${i}]: ${v}, ${data[i]}`).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(data[i]))),
  );
}

function build(kind: Kind, parameters: readonly Parameter[], c: Pick<Case, 'options' | 'second'>): optim.Optimizer {
  const groups = [{ params: parameters.slice(0, 2) }, { params: parameters.slice(2), ...c.second }];
  return new optim[kind](groups as never, c.options as never);
}

registerBackend(strangerBackend('stranger'));

describe.each(['cpu-js', 'stranger'])('on %s: optimizers move parameters as PyTorch does', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu-js'));

  it.each(fixture.cases.map((c) => [`${c.optimizer}, ${c.name}, ${c.dtype}`, c] as const))('%s', (_, c) => {
    const parameters = c.parameters.map((p) => new Parameter(make(p)));
    const optimizer = build(c.optimizer, parameters, c);
    c.grads.forEach((grads, step) => {
      grads.forEach((g, i) => {
        parameters[i].grad = g === null ? null : make(g);
      });
      optimizer.step();
      parameters.forEach((p, i) => expectClose(`parameter ${i} after step ${step + 1}`, p, c.after[step][i]));
    });
    const { state } = optimizer.stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(c.state));
    for (const [i, entry] of Object.entries(c.state)) {
      for (const [name, value] of Object.entries(entry)) {
        const own = state[Number(i)][name];
        if (typeof value === 'object') expectClose(`${name} of parameter ${i}`, own as Tensor, value);
        else if (own !== undefined || name !== 'step') expect(own, name).toBe(value);
      }
    }
  });

  it.each(fixture.errors.map((e) => [`${e.optimizer} ${JSON.stringify(e.options)}`, e] as const))('refuses %s', (_, e) => {
    expect(() => new optim[e.optimizer]([new Parameter(tensor([0]))], e.options as never)).toThrow(/expected .*, got /);
  });
});

describe('state', () => {
  it.each(fixture.cases.filter((c) => c.dtype === 'float64').map((c) => [`${c.optimizer}, ${c.name}`, c] as const))(
    'goes on where it was left: %s',
    (_, c) => {
      const run = (from: number, parameters: Parameter[], optimizer: optim.Optimizer, to: number): void => {
        for (let step = from; step < to; step++) {
          c.grads[step].forEach((g, i) => {
            parameters[i].grad = g === null ? null : make(g);
          });
          optimizer.step();
        }
      };
      const first = c.parameters.map((p) => new Parameter(make(p)));
      const one = build(c.optimizer, first, c);
      run(0, first, one, 3);
      const second = first.map((p) => new Parameter(p.detach().clone()));
      const two = build(c.optimizer, second, { options: { lr: 9 }, second: {} });
      two.loadStateDict(one.stateDict() as never);
      run(3, first, one, 6);
      run(3, second, two, 6);
      second.forEach((p, i) => expect([...p.dataSync()]).toEqual([...first[i].dataSync()]));
    },
  );

  it('refuses what another optimizer saved, options that it does not have, and parameters twice; nothing has changed', () => {
    const p = new Parameter(tensor([1]));
    p.grad = tensor([1]);
    const adam = new optim.Adam([p]);
    adam.step();
    const rms = new optim.RMSprop([p], { lr: 0.5 });
    expect(() => rms.loadStateDict({ ...adam.stateDict(), paramGroups: rms.stateDict().paramGroups } as never)).toThrow(
      /expected state among step, square_avg, .*, got exp_avg of parameter 0/,
    );
    expect(rms.stateDict().state).toEqual({});
    expect(() => new optim.SGD([p], { lr: 1, weight_decay: 1 } as never)).toThrow(/got weight_decay; write weightDecay/);
    expect(() => rms.addParamGroup({ params: [p] })).toThrow(/each parameter once, got one twice/);
    expect(rms.paramGroups.length).toBe(1);
    const q = new Parameter(tensor([2]));
    rms.addParamGroup({ params: [q], lr: 0.25 });
    expect(rms.paramGroups.map((g) => [g.lr, g.alpha])).toEqual([
      [0.5, 0.99],
      [0.25, 0.99],
    ]);
  });

  it('leaves no tensor behind in a thousand steps', () => {
    for (const kind of ['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad'] as const) {
      const p = new Parameter(tensor([1, 2, 3]));
      const options = { SGD: { momentum: 0.9, maximize: true }, RMSprop: { centered: true, momentum: 0.5 }, Adam: { amsgrad: true } };
      const optimizer = new optim[kind]([p], { lr: 1e-3, weightDecay: 0.1, ...options[kind as 'SGD'] } as never);
      p.grad = tensor([1, -1, 0]);
      optimizer.step();
      const before = memory().tensors;
      for (let i = 0; i < 1000; i++) optimizer.step();
      expect(memory().tensors, kind).toBe(before);
    }
  });
});

interface ScheduleCase {
  scheduler: string;
  options: Record<string, unknown>;
  optimizer: { momentum?: number };
  lrs: number[][];
  momenta?: number[];
}
const schedules: { metrics: number[]; cases: ScheduleCase[] } = read('schedulers');
const lambdas: Record<string, (epoch: number) => number> = { '0.95 ** epoch': (e) => 0.95 ** e, '1 / (1 + epoch)': (e) => 1 / (1 + e) };
const named = (v: unknown): unknown => (typeof v === 'string' && v in lambdas ? lambdas[v] : Array.isArray(v) ? v.map(named) : v);
interface AnyScheduler {
  step(metric?: number): void;
  stateDict(): optim.SchedulerState;
  loadStateDict(state: optim.SchedulerState): void;
  getLastLr(): readonly number[];
}

function schedule(c: ScheduleCase): { optimizer: optim.SGD; scheduler: AnyScheduler } {
  const optimizer = new optim.SGD([{ params: [new Parameter(tensor([0]))] }, { params: [new Parameter(tensor([0]))], lr: 0.03 }] as never, {
    lr: 0.1,
    ...c.optimizer,
  });
  const Scheduler = (optim as unknown as Record<string, new (o: optim.Optimizer, options: object) => AnyScheduler>)[c.scheduler];
  const options = Object.fromEntries(Object.entries(c.options).map(([k, v]) => [k, named(v)]));
  return { optimizer, scheduler: new Scheduler(optimizer, options) };
}

describe('schedules give the rates of PyTorch', () => {
  it.each(schedules.cases.map((c) => [`${c.scheduler} ${JSON.stringify(c.options)}`, c] as const))('%s', (_, c) => {
    const { optimizer, scheduler } = schedule(c);
    c.lrs.forEach((lrs, i) => {
      optimizer.paramGroups.forEach((g, j) => expect(Math.abs(g.lr - lrs[j]), `step ${i}, group ${j}`).toBeLessThan(1e-12));
      if (c.momenta) expect(optimizer.paramGroups[0].momentum).toBeCloseTo(c.momenta[i], 12);
      scheduler.step(...(c.scheduler === 'ReduceLROnPlateau' ? [schedules.metrics[i]] : []));
      if (i > 0) expect(scheduler.getLastLr()).toEqual(optimizer.paramGroups.map((g) => g.lr));
    });
  });

  it.each(schedules.cases.map((c) => [`${c.scheduler} ${JSON.stringify(c.options)}`, c] as const))(
    'and go on from their state: %s',
    (_, c) => {
      const one = schedule(c);
      const metric = (i: number) => (c.scheduler === 'ReduceLROnPlateau' ? [schedules.metrics[i]] : []);
      for (let i = 0; i < 12; i++) one.scheduler.step(...metric(i));
      const two = schedule(c);
      two.optimizer.loadStateDict(one.optimizer.stateDict());
      two.scheduler.loadStateDict(JSON.parse(JSON.stringify(one.scheduler.stateDict())));
      for (let i = 12; i < 20; i++) {
        for (const { scheduler } of [one, two]) scheduler.step(...metric(i));
        expect(two.optimizer.paramGroups.map((g) => g.lr)).toEqual(one.optimizer.paramGroups.map((g) => g.lr));
      }
    },
  );

  it.each([
    ['StepLR', { stepSize: 0 }, /stepSize to be a whole number >= 1, got 0/],
    ['StepLR', { step_size: 3 }, /got step_size; write stepSize/],
    ['MultiStepLR', { milestones: 3 }, /milestones to be a list of epochs, got 3/],
    ['ExponentialLR', { gamma: Number.NaN }, /gamma to be a finite number >= 0, got NaN/],
    ['CosineAnnealingLR', {}, /tMax to be a whole number >= 1, got undefined/],
    ['CosineAnnealingWarmRestarts', { t0: 2, tMult: 0 }, /tMult to be/],
    ['LinearLR', { startFactor: 0 }, /startFactor in \(0, 1\], got 0/],
    ['OneCycleLR', { maxLr: 1 }, /expected totalSteps, or epochs and stepsPerEpoch, got neither/],
    ['OneCycleLR', { maxLr: [1], totalSteps: 3 }, /one for each of 2 groups/],
    ['OneCycleLR', { maxLr: 1, totalSteps: 3, pctStart: 2 }, /pctStart in \[0, 1\], got 2/],
    ['LambdaLR', { lrLambda: 3 }, /expected lrLambda to be a function/],
    ['ReduceLROnPlateau', { factor: 1 }, /factor to be a number in \[0, 1\), got 1/],
    ['ReduceLROnPlateau', { mode: 'lower' }, /mode to be 'min' or 'max', got lower/],
  ])('%s refuses %o', (scheduler, options, message) => {
    const c: ScheduleCase = { scheduler, options: options as Record<string, unknown>, optimizer: { momentum: 0.9 }, lrs: [] };
    expect(() => schedule(c)).toThrow(message);
  });

  it('refuse what is no optimizer, steps beyond the cycle, and metrics that are no numbers', () => {
    expect(() => new optim.StepLR({} as never, { stepSize: 1 })).toThrow(/expected an optimizer/);
    const c: ScheduleCase = { scheduler: 'OneCycleLR', options: { maxLr: 1, totalSteps: 2, cycleMomentum: false }, optimizer: {}, lrs: [] };
    const { scheduler, optimizer } = schedule(c);
    scheduler.step();
    scheduler.step();
    const { lr } = optimizer.paramGroups[0];
    expect(() => scheduler.step()).toThrow(/expected at most 2 steps, got step 4/);
    expect(optimizer.paramGroups[0].lr).toBe(lr);
    const plateau = new optim.ReduceLROnPlateau(optimizer);
    expect(() => plateau.step(tensor(1) as never)).toThrow(/await t\.item\(\)/);
  });
});

interface Clip {
  normType: number | string;
  maxNorm: number;
  grads: Stored[];
  norm: number;
  clipped: Stored[];
}

describe('clipping', () => {
  it.each(fixture.clip.map((c) => [`norm ${c.normType}, at most ${c.maxNorm}`, c] as const))('%s', (_, c) => {
    const parameters = c.grads.map((g) => {
      const p = new Parameter(make({ ...g, data: g.data.map(() => 0) }));
      p.grad = make(g);
      return p;
    });
    const without = new Parameter(tensor([1]));
    const before = memory().tensors;
    const total = clipGradNorm([...parameters, without], c.maxNorm, {
      normType: c.normType === 'inf' ? Number.POSITIVE_INFINITY : (c.normType as number),
    });
    expect(total.itemSync()).toBeCloseTo(c.norm, 12);
    expect(memory().tensors).toBe(before + 1);
    parameters.forEach((p, i) => expectClose(`gradient ${i}`, p.grad as Tensor, c.clipped[i]));
  });

  it('clamps values; refuses bad limits and norms that are not finite', () => {
    const p = new Parameter(tensor([1, 2, 3]));
    p.grad = tensor([-5, 0.5, Number.POSITIVE_INFINITY]);
    expect(() => clipGradNorm([p], 1, { errorIfNonFinite: true })).toThrow(/expected a finite norm of the gradients, got Infinity/);
    expect([...p.grad.dataSync()]).toEqual([-5, 0.5, Number.POSITIVE_INFINITY]);
    clipGradValue(p, 2);
    expect([...p.grad.dataSync()]).toEqual([-2, 0.5, 2]);
    expect(() => clipGradNorm([p], -1)).toThrow(/maxNorm to be a number >= 0, got -1/);
    expect(() => clipGradValue([p], Number.NaN)).toThrow(/clipValue to be a number >= 0, got NaN/);
    expect(() => clipGradNorm({} as never, 1)).toThrow(/expected parameters/);
    expect(clipGradNorm([], 1).itemSync()).toBe(0);
  });
});
