import { adamStep, type Backend, Scope, sgdStep, type Tensor } from '@konv/core-tensor';
import { unsupportedTags } from '../deviations.js';
import { optimFixtures } from '../fixtures/optim.js';
import type { FixtureTensor, OptimizerFixtureCase } from '../fixtures/types.js';
import { assertClose, Findings } from '../harness/assert.js';
import { expectMemory, type Lab } from '../harness/lab.js';
import { type Layout, place } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import { numbersOf } from './fixture-case.js';

type Update = (parameter: Tensor, gradient: Tensor, step: number) => void;
interface Machine {
  readonly state: Readonly<Record<string, Tensor>>;
  readonly update: Update;
}

const number = (x: unknown, otherwise: number): number => (typeof x === 'number' ? x : otherwise);

function sgd(c: OptimizerFixtureCase, make: () => Tensor): Machine {
  const o = c.options;
  const momentum = number(o.momentum, 0);
  const momentumBuffer = momentum === 0 ? null : make();
  return {
    state: momentumBuffer === null ? {} : { momentumBuffer },
    update: (p, g, step) =>
      sgdStep(p, g, momentumBuffer, {
        momentum,
        dampening: number(o.dampening, 0),
        weightDecay: number(o.weightDecay, 0),
        nesterov: o.nesterov === true,
        dynamic: { lr: c.lrs?.[step] ?? number(o.lr, Number.NaN), firstStep: momentum !== 0 && step === 0 },
      }),
  };
}

function adam(c: OptimizerFixtureCase, make: () => Tensor): Machine {
  const o = c.options;
  const [beta1, beta2] = (o.betas as [number, number] | undefined) ?? [0.9, 0.999];
  const [expAvg, expAvgSq] = [make(), make()];
  const decoupled = c.op === 'adamW';
  return {
    state: { expAvg, expAvgSq },
    update: (p, g, step) =>
      adamStep(p, g, expAvg, expAvgSq, {
        beta1,
        beta2,
        eps: number(o.eps, 1e-8),
        weightDecay: number(o.weightDecay, decoupled ? 0.01 : 0),
        decoupled,
        dynamic: {
          lr: c.lrs?.[step] ?? number(o.lr, 1e-3),
          biasCorrection1: 1 - beta1 ** (step + 1),
          biasCorrection2: 1 - beta2 ** (step + 1),
        },
      }),
  };
}

/** The steps of a fixture; gradients lie in `layout`. */
async function runSteps(lab: Lab, c: OptimizerFixtureCase, backend: Backend, layout: Layout): Promise<void> {
  const before = lab.memory();
  const scope = new Scope(c.name);
  const tolerance = lab.tolerance(c.parameter.dtype, 'gradient');
  const put = (x: FixtureTensor, as: Layout): Tensor => place(backend.name, x.dtype, x.shape, numbersOf(x.data), as);
  try {
    const parameter = scope.run(() => put(c.parameter, 'plain'));
    const zeros: FixtureTensor = { ...c.parameter, data: c.parameter.data.map(() => 0) };
    const machine = scope.run(() => (c.op === 'sgd' ? sgd : adam)(c, () => put(zeros, 'plain')));
    for (let i = 0; i < c.grads.length; i++) {
      scope.run(() => machine.update(parameter, put(c.grads[i], layout), i));
      assertClose(`the parameter after step ${i + 1}`, await parameter.data(), numbersOf(c.parameters[i].data), tolerance);
    }
    for (const [name, t] of Object.entries(machine.state)) {
      assertClose(`${name} at the end`, await t.data(), numbersOf(c.state[name].data), tolerance);
    }
  } finally {
    scope.dispose();
  }
  expectMemory('afterwards', before, lab.memory());
}

/** Some steps of SGD, Adam and AdamW: the parameter after each and the state at the end are PyTorch's. */
export function optimizerTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('optimizers', () => {
    for (const op of [...new Set(optimFixtures.cases.map((c) => c.op))]) {
      const cases = optimFixtures.cases.filter(
        (c) => c.op === op && lab.has(c.parameter.dtype) && !(c.tags ?? []).some((tag) => tag in unsupportedTags),
      );
      for (const backend of lab.modes) {
        suite.it(backend === lab.native ? op : `${op}, decomposed`, async () => {
          const findings = new Findings();
          for (const layout of ['plain', 'transposed'] as const) {
            for (const c of cases) await findings.during(`"${c.name}" (${layout})`, () => runSteps(lab, c, backend, layout));
          }
          findings.report();
        });
      }
    }
  });
}
