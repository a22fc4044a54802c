import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keep, memory, Scope, scope, type Tensor } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import { DataLoader } from '../src/index.js';
import { countTensors, pairs, failure } from './loader-tools.js';

const before = countTensors();

describe('memory', () => {
  test('a batch is freed at the next step, by name', async () => {
    const seen: Tensor[] = [];
    for await (const [x] of new DataLoader(pairs(3))) {
      if (seen.length > 0) expect(seen[seen.length - 1].disposed).toBe(true);
      expect(memory().tensors).toBe(before() + 2);
      seen.push(x);
    }
    expect(seen).toHaveLength(3);
    expect(() => seen[2].add(1)).toThrow(/freed by the next step of the DataLoader/);
  });

  test('break, throw and return free it', async () => {
    const loader = new DataLoader(pairs(3));
    for await (const _ of loader) break;
    expect(memory().tensors).toBe(before());
    await failure(async () => {
      for await (const _ of loader) throw new Error('in the body');
    });
    expect(memory().tensors).toBe(before());
    const it = loader[Symbol.asyncIterator]();
    await it.next();
    await it.return?.();
    expect(memory().tensors).toBe(before());
    expect((await it.next()).done).toBe(true);
  });

  test('what is kept stays', async () => {
    const kept: Tensor[] = [];
    for await (const [x] of new DataLoader(pairs(3))) kept.push(keep(x));
    expect(memory().tensors).toBe(before() + 3);
    expect(await kept[1].array()).toEqual([[1, 1, 1]]);
    for (const x of kept) x.dispose();
  });

  test('a view of a batch outlives it', async () => {
    let row: Tensor | null = null;
    for await (const [x] of new DataLoader(pairs(2))) row ??= x.select(0, 0);
    expect(await row?.array()).toEqual([0, 0, 0]);
    row?.dispose();
  });

  test('with a using scope in the body, around the loop, and with run', async () => {
    for await (const [x] of new DataLoader(pairs(3))) {
      using step = scope();
      x.mul(2).add(1);
      expect(step.size).toBe(2);
      await Promise.resolve();
      expect(x.disposed).toBe(false);
    }
    expect(memory().tensors).toBe(before());
    {
      using _outer = scope();
      for await (const [x] of new DataLoader(pairs(3))) {
        x.mul(2);
        expect(x.scope).toBe(null);
      }
      expect(memory().tensors).toBe(before() + 3);
    }
    expect(memory().tensors).toBe(before());
    const mine = new Scope();
    for await (const [x] of new DataLoader(pairs(3))) mine.run(() => x.mul(2));
    expect(memory().tensors).toBe(before() + 3);
    mine.dispose();
  });

  test('scope(fn) that returns the batch leaves it to the loader', async () => {
    for await (const [x] of new DataLoader(pairs(2))) {
      const same = scope(() => {
        x.mul(2);
        return x;
      });
      expect(same.disposed).toBe(false);
    }
  });

  test('two passes at once', async () => {
    const loader = new DataLoader(pairs(4), { batchSize: 2 });
    const a = loader[Symbol.asyncIterator]();
    const b = loader[Symbol.asyncIterator]();
    const [x] = (await a.next()).value;
    const [y] = (await b.next()).value;
    await a.next();
    expect(x.disposed).toBe(true);
    expect(await y.array()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    await a.return?.();
    await b.return?.();
  });

  test('the collector frees what an abandoned pass left', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const abandon = async () => void (await new DataLoader(pairs(3))[Symbol.asyncIterator]().next());
    await abandon();
    expect(memory().tensors).toBe(before() + 2);
    for (let i = 0; i < 100 && memory().tensors > before(); i++) {
      gc();
      await new Promise((r) => setTimeout(r, 10));
    }
    expect(memory().tensors).toBe(before());
  });

  test('timers run during a pass', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const started = performance.now();
    for await (const _ of new DataLoader(pairs(100_000), { batchSize: 1 })) if (performance.now() - started > 200) break;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});
