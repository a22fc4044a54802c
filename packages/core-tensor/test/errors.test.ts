import { describe, expect, it } from 'vitest';
import {
  BackendError,
  DisposedError,
  DTypeError,
  FormatError,
  GradError,
  isKonvError,
  KonvError,
  ScopeError,
  ShapeError,
} from '../src/index.js';

const classes = { KonvError, ShapeError, DTypeError, BackendError, GradError, DisposedError, ScopeError, FormatError };

describe('errors', () => {
  it.each(Object.entries(classes))('%s names itself, its op and what went wrong', (name, Class) => {
    const cause = new Error('inner');
    const e = new Class('conv', 'expected 3, got 4; fix it', { cause });
    expect(e).toBeInstanceOf(Error);
    expect(e).toBeInstanceOf(KonvError);
    expect([e.name, e.op, e.detail, e.message, e.cause]).toEqual([
      name,
      'conv',
      'expected 3, got 4; fix it',
      '[conv] expected 3, got 4; fix it',
      cause,
    ]);
    expect(String(e)).toBe(`${name}: [conv] expected 3, got 4; fix it`);
    expect(e.stack?.split('\n')[0]).toBe(`${name}: [conv] expected 3, got 4; fix it`);
    expect(Object.keys(e)).not.toContain('name');
  });

  it('collect the modules on their way out, in the stack too', () => {
    const e = new ShapeError('conv', 'expected 3, got $& 4; fix it');
    expect(e.prefix('3 (Conv2d)').prefix('features (Sequential)')).toBe(e);
    expect(e.path).toEqual(['features (Sequential)', '3 (Conv2d)']);
    expect(e.message).toBe('features (Sequential): 3 (Conv2d): [conv] expected 3, got $& 4; fix it');
    expect(e.stack?.split('\n')[0]).toBe(`ShapeError: ${e.message}`);
    expect(e.detail).toBe('expected 3, got $& 4; fix it');
  });

  it('are known by their brand alone', () => {
    expect(isKonvError(new GradError('x', 'y'))).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'KonvError', { name: 'KonvError' }]) expect(isKonvError(other)).toBe(false);
    const stranger = Object.create(Error.prototype, { [Symbol.for('konv.error')]: { value: true } });
    expect(isKonvError(stranger)).toBe(true);
  });
});
