import { expect, it } from 'vitest';
import { table, uncovered, verdict } from '../src/rows.js';

it('says what is uncovered', () => {
  const row = { kind: 'op', name: 'sinh', forward: 3, gradient: 0, error: 'refuses no tensor' } as const;
  expect(uncovered(row)).toEqual(['gradient']);
  expect(table([row])).toContain('op sinh        3         0       -  UNCOVERED: gradient');
  expect(verdict([row])).toBe('1 ops: 1 uncovered (sinh: gradient)');
});
