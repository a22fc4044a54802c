import { abi, type Backend, isKonvError, type KonvError, Scope, type Tensor } from '@konv/core-tensor';
import { poisoned } from '../backends/poisoned.js';
import { assert, assertEqual, fail, Findings } from '../harness/assert.js';
import { expectMemory, type Lab } from '../harness/lab.js';
import { place } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import { type BadInput, badInputs, type Bench } from './bad-inputs.js';

/** Bad input: the same error on every backend, of the right class, that says what to do, and nothing has changed. */
export function errorTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('errors', () => {
    for (const name of [...new Set(badInputs.map((b) => b.error))]) {
      const cases = badInputs.filter((b) => b.error === name && (!b.values || lab.syncRead));
      suite.it(`${name}: ${cases.length} bad inputs say the same as on any backend, and change nothing`, async () => {
        const findings = new Findings();
        for (const c of cases) await findings.during(c.title, () => check(lab, c));
        findings.report();
      });
    }
  });
}

function benchOf(backend: Backend, other: Backend): Bench {
  const counting = (shape: number[]): Float64Array => Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
  const x = (...shape: number[]): Tensor => place(backend.name, 'float32', shape, counting(shape));
  return {
    backend,
    other,
    x,
    ints: (values, shape = [values.length]) => place(backend.name, 'int32', shape, values),
    bools: (values) => place(backend.name, 'bool', [values.length], values),
    leaf: (...shape) => {
      const t = x(...shape);
      t.requiresGrad = true;
      return t;
    },
    elsewhere: (...shape) => place(other.name, 'float32', shape, counting(shape)),
  };
}

async function check(lab: Lab, c: BadInput): Promise<void> {
  const error = await refusal(lab, c, lab.native, lab.reference);
  // Spread copies of a backend must carry its methods: a class instance would lose them.
  const expected = await refusal(lab, c, poisoned(lab.reference), lab.native);
  assertEqual('class', error.name, c.error);
  assert(
    typeof c.says === 'string' ? error.message.includes(c.says) : c.says.test(error.message),
    () => `expected a message with ${c.says}, got: ${error.message}`,
  );
  assert(/\[[\w ]+\] /.test(error.message), () => `expected the op in brackets, got: ${error.message}`);
  assert(/expected|is not supported/.test(error.message), () => `expected a message with what was expected, got: ${error.message}`);
  assertEqual('the message, backends aside', neutral(error.message, lab), neutral(expected.message, lab));
}

function neutral(message: string, lab: Lab): string {
  let out = message;
  const names = [lab.reference.name, lab.decomposed.name, lab.name].sort((a, b) => b.length - a.length);
  for (const name of names) out = out.replaceAll(name, '*');
  return out;
}

async function refusal(lab: Lab, c: BadInput, backend: Backend, other: Backend): Promise<KonvError> {
  const before = lab.memory();
  const { current } = abi;
  const around = new Scope(c.title);
  const made: Tensor[] = [];
  try {
    const bench = benchOf(backend, other);
    const noting = Object.fromEntries(
      Object.entries(bench).map(([k, f]) => [
        k,
        typeof f === 'function' ? (...a: never[]) => note((f as (...a: never[]) => Tensor)(...a), made) : f,
      ]),
    ) as unknown as Bench;
    await around.run(() => c.run(noting));
    return fail('expected an error, got none');
  } catch (e) {
    if (!isKonvError(e)) throw e;
    return e;
  } finally {
    const versions = made.map((t) => t.ref.buffer.version);
    assert(
      versions.every((v) => v === 0),
      () => `expected inputs that nobody wrote to, got versions ${versions.join(', ')}`,
    );
    around.dispose();
    expectMemory('after the refusal', before, lab.memory());
    assertEqual('the current backend after the refusal', abi.current, current);
  }
}

function note(t: Tensor, made: Tensor[]): Tensor {
  made.push(t);
  return t;
}
