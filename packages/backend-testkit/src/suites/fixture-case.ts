import { grad } from '@konv/autograd';
import { type Backend, type DType, isFloat, isKonvError, isTensor, mul, Scope, sum, type Tensor } from '@konv/core-tensor';
import type { Deviation } from '../deviations.js';
import type { FixtureCase, FixtureInput, FixtureNumber, FixtureTensor } from '../fixtures/types.js';
import { assert, assertEqual, difference, fail } from '../harness/assert.js';
import { expectMemory, type Lab, type Reading, readAll } from '../harness/lab.js';
import { type Layout, place } from '../harness/place.js';
import { elementwiseOps, type Attrs, type Operand, type Operation, operations } from '../operations.js';
import type { Stage } from '../tolerances.js';

const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

export function numbersOf(data: readonly FixtureNumber[]): Float64Array {
  return Float64Array.from(data, (x) => (typeof x === 'number' ? x : special[x]));
}

function isFixtureTensor(x: unknown): x is FixtureTensor {
  return typeof x === 'object' && x !== null && 'data' in x;
}

/** Every tensor of a case, also what is expected. */
export function tensorsOf(c: FixtureCase): FixtureTensor[] {
  const lists = [c.inputs, c.outputs, c.gradOutputs, c.grads, c.gradgradWeights, c.gradgrads, c.gradOutputGrads];
  return lists.flatMap((list) => (list ?? []).filter(isFixtureTensor));
}

/** Whether the backend has the dtypes and the whole numbers of a case. */
export function fits(lab: Lab, c: FixtureCase): boolean {
  const { maxExactInt } = lab.raw.capabilities;
  return tensorsOf(c).every(
    (x) => lab.has(x.dtype) && (x.dtype !== 'int32' || numbersOf(x.data).every((v) => Math.abs(v) <= maxExactInt + 1)),
  );
}

/** One way to run a case. */
export interface Way {
  readonly backend: Backend;
  readonly layout: Layout;
}

function inputsOf(c: FixtureCase, { backend, layout }: Way): Operand[] {
  return c.inputs.map((x) => {
    if (x === null || typeof x === 'number') return x;
    if (typeof x === 'string') return special[x];
    const made = place(backend.name, x.dtype, x.shape, numbersOf(x.data), layout);
    if ((x as FixtureInput).grad) made.requiresGrad = true;
    return made;
  });
}

/** Attributes with their infinities and NaN as numbers. */
export function attrsOf(c: FixtureCase): Attrs {
  return Object.fromEntries(Object.entries(c.attrs).map(([k, v]) => [k, typeof v === 'string' && v in special ? special[v] : v]));
}

function laid(x: FixtureTensor, { backend, layout }: Way): Tensor {
  return place(backend.name, x.dtype, x.shape, numbersOf(x.data), layout);
}

function operationOf(c: FixtureCase): Operation {
  return operations[c.op] ?? fail(`expected a row for "${c.op}" in operations.ts, got none; say there how konv calls it`);
}

const listOf = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (isTensor(y) ? [y] : y);

/** The least exact float dtype among the inputs: nothing can be more exact than that. */
function precision(c: FixtureCase): DType | null {
  return c.inputs.some((x) => isFixtureTensor(x) && x.dtype === 'float32') ? 'float32' : null;
}

function compare(lab: Lab, c: FixtureCase, what: string, actual: Reading | null, expected: FixtureTensor, stage: Stage): void {
  const e = numbersOf(expected.data);
  if (actual === null) {
    // Left out by the tape: nothing flows there.
    assert(
      e.every((v) => v === 0),
      () => `${what}: expected ${e.find((v) => v !== 0)}, got no gradient at all`,
    );
    return;
  }
  assertEqual(`${what}, shape`, [...actual.shape], [...expected.shape]);
  assertEqual(`${what}, dtype`, actual.dtype, expected.dtype);
  const d = difference(actual.values, e, lab.tolerance((isFloat(actual.dtype) && precision(c)) || actual.dtype, stage));
  if (d !== null) fail(`${what}: ${d}`);
}

/**
 * Runs a case forward and backward and compares everything with PyTorch's answers. All its work is done and all its tensors
 * are freed before the first turn, so that the next case may begin while the values of this one are on their way.
 */
export async function runCase(lab: Lab, c: FixtureCase, way: Way): Promise<void> {
  const scope = new Scope(`${c.op} ${c.name}`);
  let compareAll: () => Promise<void>;
  try {
    compareAll = c.gradgrads ? second(lab, c, way, scope) : first(lab, c, way, scope);
  } finally {
    scope.dispose();
  }
  await compareAll();
}

/** As `runCase`, alone, and counts what is left behind. */
export async function runCaseCounted(lab: Lab, c: FixtureCase, way: Way): Promise<void> {
  const before = lab.memory();
  await runCase(lab, c, way);
  expectMemory('afterwards', before, lab.memory());
}

function first(lab: Lab, c: FixtureCase, way: Way, scope: Scope): () => Promise<void> {
  const pending = scope.run(() => {
    const inputs = inputsOf(c, way);
    const outputs = listOf(operationOf(c)(inputs, attrsOf(c)));
    assertEqual('the number of outputs', outputs.length, c.outputs.length);
    const reads = readAll(outputs);
    return { reads, grads: readAll(c.gradOutputs ? gradients(c, way, inputs, outputs) : []) };
  });
  return async () => {
    const stage: Stage = elementwiseOps.has(c.op) ? 'elementwise' : 'forward';
    const [values, grads] = await Promise.all([pending.reads, pending.grads]);
    values.forEach((v, i) => compare(lab, c, `output ${i}`, v, c.outputs[i], stage));
    (c.grads ?? []).forEach((e, i) => {
      if (e !== null) compare(lab, c, `gradient of input ${i}`, grads[i] ?? null, e, 'gradient');
    });
  };
}

function gradients(c: FixtureCase, way: Way, inputs: readonly Operand[], outputs: readonly Tensor[]): (Tensor | null)[] {
  const weights = (c.gradOutputs ?? []).map((w) => (w === null ? null : laid(w, way)));
  const through = outputs.filter((y, i) => weights[i] !== null && y.requiresGrad);
  const leaves = inputs.filter((x): x is Tensor => isTensor(x) && x.requiresGrad);
  if (through.length === 0) fail('expected an output that requires grad, got none');
  const found = grad(through, leaves, { gradOutputs: weights.filter((w, i) => w !== null && outputs[i].requiresGrad), allowUnused: true });
  return inputs.map((x) => (isTensor(x) && x.requiresGrad ? found[leaves.indexOf(x)] : null));
}

function second(lab: Lab, c: FixtureCase, way: Way, scope: Scope): () => Promise<void> {
  const pending = scope.run(() => {
    const inputs = inputsOf(c, way);
    const leaves = inputs.filter((x): x is Tensor => isTensor(x) && x.requiresGrad);
    const outputs = listOf(operationOf(c)(inputs, attrsOf(c)));
    const through = outputs.filter((_, i) => c.gradOutputs?.[i]);
    const weights = (c.gradOutputs ?? []).filter((w) => w !== null).map((w) => laid(w as FixtureTensor, way));
    for (const w of weights) w.requiresGrad = true;
    const grads = grad(through, leaves, { gradOutputs: weights, createGraph: true, allowUnused: true });
    const terms = grads.flatMap((g, i) => (g === null ? [] : [sum(mul(g, laid((c.gradgradWeights ?? [])[i], way)))]));
    const connected = terms.filter((y) => y.requiresGrad);
    const all = [...leaves, ...weights];
    const again = connected.length === 0 ? all.map(() => null) : grad(connected, all, { allowUnused: true });
    return { grads: readAll(grads), again: readAll(again), leaves: leaves.length };
  });
  return async () => {
    const [grads, again] = await Promise.all([pending.grads, pending.again]);
    const expected = (c.grads ?? []).filter((e) => e !== null);
    expected.forEach((e, i) => compare(lab, c, `gradient ${i}`, grads[i], e as FixtureTensor, 'gradient'));
    (c.gradgrads ?? []).forEach((e, i) => compare(lab, c, `second derivative by input ${i}`, again[i], e, 'second'));
    (c.gradOutputGrads ?? []).forEach((e, i) =>
      compare(lab, c, `second derivative by the gradient of output ${i}`, again[pending.leaves + i], e, 'second'),
    );
  };
}

/** Runs what PyTorch refuses: konv must refuse it too, in its own words, and leave everything as it was. */
export async function runError(lab: Lab, c: FixtureCase, way: Way, deviation: Deviation | undefined): Promise<void> {
  const scope = new Scope(`${c.op} ${c.name}`);
  try {
    const inputs = scope.run(() => inputsOf(c, way));
    const before = lab.memory();
    const versions = inputs.map((x) => (isTensor(x) ? x.ref.buffer.version : 0));
    const inner = new Scope('the refused call');
    let made: readonly Tensor[] | null = null;
    try {
      made = inner.run(() => listOf(operationOf(c)(inputs, attrsOf(c))));
      const { instead } = deviation ?? {};
      if (instead === 'error or NaN' && !lab.syncRead) await expectSpoiled(made);
      else if (instead !== 'result' && (instead !== 'error or result' || lab.syncRead)) {
        fail(`expected an error (PyTorch: ${c.error}), got ${made.length} results`);
      }
    } catch (e) {
      if (!isKonvError(e)) throw e;
      if (!/expected .*got /s.test(e.message)) fail(`expected a message with what was expected and what was got, got: ${e.message}`);
    } finally {
      inner.dispose();
    }
    expectMemory('after the refused call', before, lab.memory());
    assertEqual(
      'versions after the refused call',
      inputs.map((x) => (isTensor(x) ? x.ref.buffer.version : 0)),
      versions,
    );
  } finally {
    scope.dispose();
  }
}

async function expectSpoiled(made: readonly Tensor[]): Promise<void> {
  const [y] = await readAll(made);
  if (y === null || !isFloat(y.dtype)) return;
  assert(y.values.some(Number.isNaN), () => `expected NaN where values cannot be checked, got [${y.values.join(', ')}]`);
}
