/** Checkpoints that are truncated, changed or hostile: a FormatError, and nothing else. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError, isKonvError } from '@konv/core-tensor';
import { parseSafetensors, serializeSafetensors } from '@konv/formats';
import { accuracy, readCheckpoint, type TrainerState } from '@konv/trainer';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { decodeTree, encodeTree } from '../src/checkpoint/tree.js';
import { asLoader, batches, dispose, smallNet, trainerFor } from './support.js';

let bytes: Uint8Array;
let state: TrainerState;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'konv-checkpoint-'));
  const list = batches(3);
  const trainer = trainerFor(smallNet(), { metrics: { accuracy } });
  await trainer.fit(asLoader(list), { epochs: 2, callbacks: [{ onStep: (p) => (p.totalSteps === 4 ? p.stop('here') : undefined) }] });
  const path = join(folder, 'a.safetensors');
  await trainer.saveCheckpoint(path);
  bytes = new Uint8Array(await readFile(path));
  state = await trainer.stateDict();
  dispose(list);
  await rm(folder, { recursive: true });
});
/** The same file with other JSON. */
function withJson(change: (json: string) => string): Uint8Array {
  const { tensors, metadata } = parseSafetensors(bytes);
  return serializeSafetensors(new Map(Object.entries(tensors)), { ...metadata, 'konv.trainer': change(metadata['konv.trainer']) });
}

async function refused(file: Uint8Array): Promise<string> {
  try {
    await readCheckpoint(file);
  } catch (e) {
    expect(e).toBeInstanceOf(FormatError);
    expect((e as Error).message).toMatch(/^\[\w+\] .*expected [\s\S]*, got [\s\S]*; /);
    return (e as Error).message;
  }
  return 'read';
}

describe('readCheckpoint', () => {
  it('gives back what was written', async () => {
    expect(await readCheckpoint(bytes)).toEqual(state);
  });

  it.each<[string, (json: string) => string, RegExp]>([
    ['no JSON', () => '{', /a state in JSON/],
    ['a list', () => '[]', /a state in an object, got an array/],
    ['another version', (j) => j.replace('"version":1', '"version":7'), /version 1, got version 7/],
    ['a missing part', (j) => j.replace('"paramGroups"', '"groups"'), /whose optimizer is missing/],
    [
      'a tensor twice',
      (j) => j.replace('"$tensor":"model.0.bias"', '"$tensor":"model.0.weight"'),
      /each tensor once, got "model\.0\.weight"/,
    ],
    ['a tensor that is not there', (j) => j.replace('"$tensor":"model.0.bias"', '"$tensor":"constructor"'), /each tensor once/],
    ['a tensor that nobody names', (j) => j.replace('{"$tensor":"model.0.bias"}', '3'), /no other tensors/],
    ['__proto__', (j) => j.replace('"version"', '"__proto__":{"x":1},"version"'), /safe keys, got "__proto__"/],
    ['a key with $', (j) => j.replace('"version"', '"$x":1,"version"'), /safe keys, got "\$x"/],
    ['an odd number', (j) => j.replace('"version":1', '"version":{"$number":"1e999"}'), /a number of NaN/],
    ['depth', (j) => j.replace('"version"', `"x":${'['.repeat(5000)}${']'.repeat(5000)},"version"`), /at most 32 levels/],
    ['negative counts', (j) => j.replace('"epoch":1', '"epoch":-1'), /whose epoch is missing or of another form/],
    ['counts that disagree', (j) => j.replace('"totalSteps":4', '"totalSteps":9'), /whose counts agree/],
  ])('%s', async (_, change, message) => {
    expect(await refused(withJson(change))).toMatch(message);
  });

  it('any truncation, and any changed byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (n) => {
        expect(await refused(bytes.slice(0, n))).not.toBe('read');
      }),
      { numRuns: 60, seed: 3 },
    );
    const header = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    await fc.assert(
      fc.asyncProperty(fc.nat(header + 7), fc.nat(255), async (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        // A letter of a name or a digit may change without harm; then it is read, and anything else is refused.
        await refused(changed);
      }),
      { numRuns: rounds(300), seed: 4 },
    );
  });

  it('any JSON in place of a part', async () => {
    const parts = ['optimizer', 'gradients', 'place', 'model', 'losses', 'callbacks', 'epochs', 'measures', 'rng', 'steps'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...parts), fc.json({ maxDepth: 3 }), async (part, json) => {
        const file = withJson((j) => {
          const put = (x: unknown): unknown => {
            if (Array.isArray(x)) return x.map(put);
            if (typeof x !== 'object' || x === null) return x;
            return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, k === part ? JSON.parse(json) : put(v)]));
          };
          return JSON.stringify(put(JSON.parse(j)));
        });
        const before = smallNet();
        const trainer = trainerFor(before, { metrics: { accuracy } });
        const values = JSON.stringify(Object.values(before.stateDict()).map((t) => [...t.dataSync()]));
        try {
          await trainer.fit(asLoader([]), { epochs: 0, resume: file });
        } catch (e) {
          expect(isKonvError(e), String(e)).toBe(true);
          expect(JSON.stringify(Object.values(before.stateDict()).map((t) => [...t.dataSync()]))).toBe(values);
        }
      }),
      { numRuns: rounds(150), seed: 5 },
    );
  });
});

describe('trees', () => {
  it('keep every plain value and array', () => {
    const leaf = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
    const key = fc.string().filter((k) => k !== '__proto__' && !k.startsWith('$') && !/\p{Surrogate}/u.test(k));
    const array = fc.float64Array({ maxLength: 3 }).map((data) => ({ dtype: 'float64', shape: [data.length], data }));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, array, fc.array(tie('any'), { maxLength: 3 }), tie('tree')), {
        maxKeys: 4,
      }),
      any: fc.oneof({ depthSize: 'small' }, leaf, array, tie('tree')),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { json, entries } = encodeTree(value as Record<string, unknown>);
        expect(decodeTree(json, Object.fromEntries(entries))).toEqual(value);
      }),
      { numRuns: rounds(300), seed: 6 },
    );
  });
});
