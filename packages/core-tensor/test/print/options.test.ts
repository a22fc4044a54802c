import { afterEach, describe, expect, it } from 'vitest';
import { KonvError } from '../../src/errors.js';
import { exponential, fixed } from '../../src/print/decimal.js';
import { formatTensor, getPrintOptions, setPrintOptions } from '../../src/print/index.js';

afterEach(() => setPrintOptions({ profile: 'default' }));

const half = { data: [0.5, 1 / 3], shape: [2], dtype: 'float64' } as const;

describe('setPrintOptions', () => {
  it('keeps what is not named, but for sciMode', () => {
    setPrintOptions({ precision: 2, sciMode: true });
    expect(formatTensor(half)).toBe('tensor([5.00e-01, 3.33e-01], dtype=torch.float64)');
    setPrintOptions({ lineWidth: 100 });
    expect(getPrintOptions()).toEqual({ precision: 2, threshold: 1000, edgeItems: 3, lineWidth: 100, sciMode: null });
    setPrintOptions({ profile: 'default' });
    expect(formatTensor(half)).toBe('tensor([0.5000, 0.3333], dtype=torch.float64)');
  });

  it('an option of one call goes before the set ones and does not stay, and null undoes a set sciMode', () => {
    setPrintOptions({ sciMode: true });
    expect(formatTensor(half, { precision: 1, sciMode: null })).toBe('tensor([0.5, 0.3], dtype=torch.float64)');
    expect(formatTensor(half, { precision: undefined })).toBe('tensor([5.0000e-01, 3.3333e-01], dtype=torch.float64)');
  });

  it.each([
    { precision: -1 },
    { precision: 1.5 },
    { precision: 101 },
    { threshold: -1 },
    { threshold: Number.NaN },
    { edgeItems: 0 },
    { edgeItems: 2.5 },
    { lineWidth: 0 },
    { lineWidth: Number.NaN },
    { sciMode: 1 as unknown as boolean },
    { profile: 'long' as unknown as 'full' },
    { profile: 'toString' as unknown as 'full' },
  ])('refuses %o and changes nothing', (options) => {
    const before = getPrintOptions();
    expect(() => setPrintOptions({ threshold: 5, ...options })).toThrow(KonvError);
    expect(() => setPrintOptions(options)).toThrow(/^\[setPrintOptions\] expected .*, got .*; /);
    expect(getPrintOptions()).toEqual(before);
    expect(Object.isFrozen(getPrintOptions())).toBe(true);
  });
});

describe('decimals: exact, ties to even', () => {
  it.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [-2.5, 0, '-2'],
    [-0.5, 0, '-0'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [1.005, 2, '1.00'],
    [0.03125, 4, '0.0312'],
    [-0, 2, '-0.00'],
    [-1e-9, 2, '-0.00'],
    [1e22, 1, '10000000000000000000000.0'],
    [-(2 ** 70), 0, '-1180591620717411303424'],
    [0.1, 20, '0.10000000000000000555'],
    [Number.NaN, 3, 'nan'],
    [Number.NEGATIVE_INFINITY, 3, '-inf'],
  ])('fixed(%d, %d)', (x, digits, text) => expect(fixed(x, digits)).toBe(text));

  it.each([
    [0, 2, '0.00e+00'],
    [-0, 0, '-0e+00'],
    [2.5, 0, '2e+00'],
    [3.5, 0, '4e+00'],
    [9.5, 0, '1e+01'],
    [8.5, 0, '8e+00'],
    [95, 0, '1e+02'],
    [85, 0, '8e+01'],
    [99.5, 1, '1.0e+02'],
    [98.5, 1, '9.8e+01'],
    [12500, 1, '1.2e+04'],
    [13500, 1, '1.4e+04'],
    [-12500, 1, '-1.2e+04'],
    [0.125, 1, '1.2e-01'],
    [2 ** -10, 5, '9.76562e-04'],
    [9.9995e-5, 4, '9.9995e-05'],
    [9.99999e-5, 4, '1.0000e-04'],
    [1e100, 2, '1.00e+100'],
    [5e-324, 3, '4.941e-324'],
    [1.7976931348623157e308, 4, '1.7977e+308'],
    [5e22, 0, '5e+22'],
    [Number.POSITIVE_INFINITY, 1, 'inf'],
  ])('exponential(%d, %d)', (x, digits, text) => expect(exponential(x, digits)).toBe(text));
});
