import { expect, it } from 'vitest';
import { rows } from '../src/report.js';
import { table, uncovered, verdict } from '../src/rows.js';

it('leaves no public op, layer, loss, optimizer or scheduler without fixtures', () => {
  const found = rows();
  expect(found.length).toBeGreaterThan(100);
  expect(found.flatMap((r) => uncovered(r).map((column) => `${r.kind} ${r.name}: ${column}`))).toEqual([]);
});

it('says what is uncovered', () => {
  const row = { kind: 'op', name: 'sinh', forward: 3, gradient: 0, error: 'refuses no tensor' } as const;
  expect(uncovered(row)).toEqual(['gradient']);
  expect(table([row])).toContain('op sinh        3         0       -  UNCOVERED: gradient');
  expect(verdict([row])).toBe('1 ops: 1 uncovered (sinh: gradient)');
});
