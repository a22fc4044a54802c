import { isKonvError, isTensor, manualSeed, mul, Scope, sum, type Tensor, useBackend } from '@konv/core-tensor';
import { deviationOf } from '../deviations.js';
import { layerName, type ModuleFixtureCase } from '../fixtures/module-types.js';
import { moduleFixtures } from '../fixtures/modules/all.js';
import type { FixtureInput, FixtureTensor } from '../fixtures/types.js';
import { assert, assertEqual, difference, fail, Findings } from '../harness/assert.js';
import { buildLayer, outputsOf } from '../harness/build-layer.js';
import { expectMemory, type Lab, type Reading, readAll } from '../harness/lab.js';
import type { nn } from '../harness/nn.js';
import { place } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import type { Stage } from '../tolerances.js';
import { numbersOf, type Way } from './fixture-case.js';

/** Every layer: its values, gradients, buffers, printed text and refusals are PyTorch's. */
export function moduleTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('modules', () => {
    for (const file of moduleFixtures) {
      suite.describe(file.family, () => {
        for (const layer of [...new Set(file.cases.map((c) => layerName(c.layer)))]) {
          const cases = file.cases.filter((c) => layerName(c.layer) === layer && lab.has(c.dtype));
          suite.it(layer, () => runAll(lab, cases, { backend: lab.native, layout: 'plain' }));
          if (lab.modes.length > 1) {
            suite.it(`${layer}, decomposed, of views`, () => runAll(lab, cases, { backend: lab.decomposed, layout: 'strided' }));
          }
        }
      });
    }
  });
}

async function runAll(lab: Lab, cases: readonly ModuleFixtureCase[], way: Way): Promise<void> {
  const findings = new Findings();
  useBackend(way.backend.name);
  try {
    for (const c of cases) {
      const instead = deviationOf(`nn.${layerName(c.layer)}`, c.name)?.instead;
      if (instead === 'skip' || (instead === 'error or NaN' && !lab.syncRead)) continue;
      const refused = (c.error !== undefined && instead !== 'result') || instead === 'error';
      await findings.during(`"${c.name}"`, () => (refused ? runRefused(lab, c, way) : runModule(lab, c, way)));
    }
  } finally {
    useBackend(lab.name);
  }
  findings.report();
}

function laid(x: FixtureTensor, { backend, layout }: Way): Tensor {
  return place(backend.name, x.dtype, x.shape, numbersOf(x.data), layout);
}

function isFixtureTensor(x: unknown): x is FixtureInput {
  return typeof x === 'object' && x !== null && 'data' in x;
}

function inputsOf(c: ModuleFixtureCase, way: Way): unknown[] {
  return c.inputs.map((x) => {
    if (!isFixtureTensor(x)) return x ?? undefined;
    const made = laid(x, way);
    if (x.grad) made.requiresGrad = true;
    return made;
  });
}

/** Builds the layer outside of any scope, hands it to `use` and frees all of it, and counts what stays behind. */
async function withModule(lab: Lab, c: ModuleFixtureCase, way: Way, use: (module: nn.Module) => Promise<void>): Promise<void> {
  const before = lab.memory();
  const made: Tensor[] = [];
  let module: nn.Module | null = null;
  try {
    if (c.seed !== undefined) manualSeed(c.seed);
    module = buildLayer(c.layer, made);
    if (c.dtype === 'float64') await module.double();
    module.train(c.training);
    if (c.initial) await compareState(lab, 'initial', module, c.state ?? {});
    else load(module, c.state ?? {}, way);
    await use(module);
  } finally {
    module?.zeroGrad();
    module?.dispose();
    for (const t of made) t.dispose();
  }
  expectMemory('afterwards', before, lab.memory());
}

function load(module: nn.Module, state: Readonly<Record<string, FixtureTensor>>, way: Way): void {
  const scope = new Scope('state');
  try {
    scope.run(() => {
      const tensors = Object.entries(state).map(([k, x]) => [k, laid(x, { ...way, layout: 'plain' })] as const);
      module.loadStateDict(Object.fromEntries(tensors));
    });
  } finally {
    scope.dispose();
  }
}

async function compareState(lab: Lab, what: string, module: nn.Module, expected: Readonly<Record<string, FixtureTensor>>): Promise<void> {
  const keys = Object.keys(expected);
  const scope = new Scope('state');
  const pending = scope.run(() => {
    const state = module.stateDict();
    return readAll(
      keys.map((k) => state[k] ?? fail(`${what}: expected ${k} in the state, got ${Object.keys(state).join(', ') || 'nothing'}`)),
    );
  });
  scope.dispose();
  const found = await pending;
  keys.forEach((key, i) => compare(lab, `${what} ${key}`, found[i], expected[key], 'forward'));
}

function compare(lab: Lab, what: string, actual: Reading | null, expected: FixtureTensor, stage: Stage): void {
  const e = numbersOf(expected.data);
  if (actual === null) {
    assert(
      e.every((v) => v === 0),
      () => `${what}: expected ${e.find((v) => v !== 0)}, got no gradient at all`,
    );
    return;
  }
  assertEqual(`${what}, shape`, [...actual.shape], [...expected.shape]);
  assertEqual(`${what}, dtype`, actual.dtype, expected.dtype);
  const d = difference(actual.values, e, lab.tolerance(actual.dtype, stage));
  if (d !== null) fail(`${what}: ${d}`);
}

async function runModule(lab: Lab, c: ModuleFixtureCase, way: Way): Promise<void> {
  await withModule(lab, c, way, async (module) => {
    if (c.text !== undefined) assertEqual('printed', String(module), c.text);
    const scope = new Scope(c.name);
    try {
      const pending = scope.run(() => forwardAndBackward(c, way, module));
      const outputs = await pending.outputs;
      assertEqual('the number of outputs', outputs.length, c.outputs.length);
      outputs.forEach((y, i) => compare(lab, `output ${i}`, y, c.outputs[i], 'forward'));
      const grads = await pending.grads;
      (c.grads ?? []).forEach((e, i) => e && compare(lab, `gradient of input ${i}`, grads[i], e, 'gradient'));
      const parameterGrads = await pending.parameterGrads;
      const keys = Object.keys(c.parameterGrads ?? {});
      keys.forEach((key, i) => {
        const e = c.parameterGrads?.[key];
        if (e) compare(lab, `gradient of ${key}`, parameterGrads[i], e, 'gradient');
      });
    } finally {
      scope.dispose();
    }
    await compareState(lab, 'afterwards', module, c.buffersAfter ?? {});
  });
}

function forwardAndBackward(c: ModuleFixtureCase, way: Way, module: nn.Module) {
  const inputs = inputsOf(c, way);
  if (c.seed !== undefined) manualSeed(c.seed);
  let outputs: readonly Tensor[] = [];
  for (let i = 0; i < (c.repeat ?? 1); i++) outputs = outputsOf(module.forward(...(inputs as [Tensor])));
  const weights = c.gradOutputs ?? [];
  const terms = outputs.flatMap((y, i) => (weights[i] ? [sum(mul(y, laid(weights[i] as FixtureTensor, way)))] : []));
  if (terms.length > 0) terms.reduce((a, b) => a.add(b)).backward();
  const named = Object.fromEntries(module.namedParameters());
  const reads = {
    outputs: readAll(outputs),
    grads: readAll(inputs.map((x) => (isTensor(x) ? x.grad : null))),
    parameterGrads: readAll(Object.keys(c.parameterGrads ?? {}).map((key) => named[key]?.grad ?? null)),
  };
  // Gradients outlive scopes.
  for (const x of inputs) if (isTensor(x)) x.grad = null;
  return reads;
}

/** konv refuses it, too, in its own words, and leaves everything as it was. */
async function runRefused(lab: Lab, c: ModuleFixtureCase, way: Way): Promise<void> {
  if (c.refused === 'build') return refusedBuild(lab, c);
  await withModule(lab, c, way, async (module) => {
    const scope = new Scope('the refused call');
    try {
      const inputs = scope.run(() => inputsOf(c, way));
      refuses(c, () => scope.run(() => module.forward(...(inputs as [Tensor]))));
    } finally {
      scope.dispose();
    }
    await compareState(lab, 'after the refused call', module, c.state ?? {});
  });
}

function refusedBuild(lab: Lab, c: ModuleFixtureCase): void {
  const before = lab.memory();
  const made: Tensor[] = [];
  refuses(c, () => buildLayer(c.layer, made));
  for (const t of made) t.dispose();
  expectMemory('after the refused constructor', before, lab.memory());
}

function refuses(c: ModuleFixtureCase, call: () => unknown): void {
  let message = '';
  try {
    call();
  } catch (e) {
    if (!isKonvError(e)) throw e;
    message = e.message;
  }
  if (message === '') fail(`expected an error (PyTorch: ${c.error}), got none`);
  if (!/expected .*got /s.test(message)) fail(`expected a message with what was expected and what was got, got: ${message}`);
}
