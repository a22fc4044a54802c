import { describe, expect, it } from 'vitest';
import { verdict } from '../src/verdict.mjs';

const result = (name: string, status: 'passed' | 'failed') => ({ name, status, messages: [] });
const results = [result('adds', 'passed'), result('divides', 'failed')];
const plain = { count: 2, plainFailures: ['divides'], training: false, skips: [] };
const trained = { ...plain, training: true, skips: [{ spec: 'divides', reason: 'by nothing' }] };

describe('on a plain backend', () => {
  it('accepts what the list says', () => expect(verdict(results, plain)).toEqual([]));

  it('wants all specs', () => {
    expect(verdict(results, { ...plain, count: 3 })).toEqual(['expected 3 specs, got 2']);
    expect(verdict([], { ...plain, count: 2 })).toContain('expected 2 specs, got 0');
  });

  it('names a failure that is not in the list', () => {
    expect(verdict(results, { ...plain, plainFailures: [] })).toEqual(['fails, but is not in the list of those that do: divides']);
  });

  it('names what is in the list and passes, or is not there', () => {
    const [passes, absent] = verdict(results, { ...plain, plainFailures: ['divides', 'adds', 'is gone'] });
    expect(passes).toBe('passes, but is in the list of those that fail: adds');
    expect(absent).toBe('is in the list of those that fail, but no spec has this name: is gone');
  });
});

describe('with training', () => {
  it('accepts skips that fail', () => expect(verdict(results, trained)).toEqual([]));

  it('names what is not skipped', () => {
    expect(verdict(results, { ...trained, skips: [] })).toEqual(['fails with training and is not skipped: divides']);
  });

  it('names what passed before, even if all others may fail', () => {
    const broken = [result('adds', 'failed'), result('divides', 'failed')];
    expect(verdict(broken, { ...trained, everyOther: false })).toEqual(['passes on plain wasm and fails with training: adds']);
  });

  it('names skips that pass, are absent or have no reason', () => {
    const skips = [
      { spec: 'divides', reason: '' },
      { spec: 'adds', reason: 'old' },
      { spec: 'is gone', reason: 'old' },
    ];
    expect(verdict(results, { ...trained, skips })).toEqual([
      'is skipped without a reason: divides',
      'is skipped, but passes: adds',
      'is skipped, but no spec has this name: is gone',
    ]);
  });

  it('wants ten skips at most', () => {
    const many = Array.from({ length: 11 }, (_, i) => result(`${i}`, 'failed'));
    const skips = many.map(({ name }) => ({ spec: name, reason: 'hard' }));
    expect(verdict(many, { count: 11, plainFailures: many.map((r) => r.name), training: true, skips })).toEqual([
      'expected at most 10 skips, got 11',
    ]);
  });
});
