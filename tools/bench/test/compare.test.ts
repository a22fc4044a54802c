import { describe, expect, it } from 'vitest';
import { type Context, compare } from '../src/compare.js';
import type { Contender } from '../src/contender.js';
import type { KonvContender } from '../src/konv/contender.js';
import type { Row } from '../src/report/rows.js';

/** Takes so many milliseconds for a result of these numbers. */
const contender = (name: string, ms: number, ...result: number[]): Contender => ({
  name,
  about: '',
  kinds: ['lenet'],
  prepare: () => ({ run: () => ms, result: async () => Float32Array.from(result) }),
});

async function compared(ours: Contender, ...peers: Contender[]): Promise<{ rows: Row[]; said: string[] }> {
  const rows: Row[] = [];
  const said: string[] = [];
  const context: Context = {
    ours: [ours as KonvContender],
    peers,
    loops: [],
    budget: { ms: 100, least: 3, most: 3, warmUpMs: 0 },
    backend: async () => null,
    heading: () => {},
    report: (row) => rows.push(row),
    failure: (name, why) => said.push(`${name}: ${why}`),
    say: (line) => said.push(line),
  };
  const task = { kind: 'lenet', batch: 4 } as const;
  await compare(context, { suite: 'lenet', op: 'step', shape: '', task, ours: context.ours, peers });
  return { rows, said };
}

describe('compare', () => {
  it('times those whose results agree', async () => {
    const { rows, said } = await compared(contender('ours', 20, 1, 2), contender('theirs', 50, 1, 2.0001));
    expect(rows[0].peers).toMatchObject([{ name: 'theirs', ratio: 2.5 }]);
    expect(said).toEqual([]);
  });

  it('does not time one whose result differs, and says by how much', async () => {
    const { rows, said } = await compared(contender('ours', 20, 1, 2), contender('wrong', 5, 1, 3), contender('nan', 5, NaN, 2));
    expect(rows[0].peers.map(({ ms, ratio }) => [ms, ratio])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(said).toEqual([
      'wrong: its result differs from that of ours by 0.50 of the greatest value',
      'nan: its result differs from that of ours by Infinity of the greatest value',
    ]);
  });

  it('reports a result that throws', async () => {
    const broken: Contender = {
      ...contender('broken', 5),
      prepare: () => ({ run: () => 5, result: () => Promise.reject(new Error('lost')) }),
    };
    const { rows, said } = await compared(contender('ours', 20, 1), broken);
    expect(rows).toHaveLength(1);
    expect(said).toEqual(['broken: lost']);
  });
});
