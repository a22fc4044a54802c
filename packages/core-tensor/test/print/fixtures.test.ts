import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { DType } from '../../src/dtype.js';
import { toHostArray } from '../../src/dtype.js';
import { formatTensor, type PrintOptions, type PrintProfile, setPrintOptions } from '../../src/print/index.js';

interface Case {
  data?: (number | 'nan' | 'inf' | '-inf')[];
  ramp?: [number, number];
  shape: number[];
  dtype: DType;
  requiresGrad?: boolean;
  gradFn?: string;
  parameter?: boolean;
  options?: Partial<PrintOptions> & { profile?: PrintProfile };
  text: string;
}

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/printing.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

const special = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

function values(c: Case): number[] {
  if (c.data) return c.data.map((x) => (typeof x === 'string' ? special[x] : x));
  const [mul, add] = c.ramp as [number, number];
  const size = c.shape.reduce((n, d) => n * d, 1);
  return Array.from({ length: size }, (_, i) => i * mul + add);
}

afterEach(() => setPrintOptions({ profile: 'default' }));

describe('prints as PyTorch', () => {
  for (const [i, c] of cases.entries()) {
    const source = c.ramp ? `i * ${c.ramp[0]} + ${c.ramp[1]}` : (c.data ?? []).slice(0, 4).join(', ');
    it(`${i}: ${c.dtype} [${c.shape.join(', ')}] of ${source} ${c.options ? JSON.stringify(c.options) : ''}`, () => {
      const view = { ...c, data: toHostArray(c.dtype, values(c)) };
      if (c.options) setPrintOptions(c.options);
      expect(formatTensor(view)).toBe(c.text);
      if (c.options && !c.options.profile) {
        setPrintOptions({ profile: 'default' });
        expect(formatTensor(view, c.options)).toBe(c.text);
      }
    });
  }
});
