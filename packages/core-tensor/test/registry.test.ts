import { cpuJs } from '@konv/backend-cpu-js';
import { nullBackend, strangerBackend } from '@konv/backend-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abi,
  type Backend,
  backends,
  conv2d,
  getBackend,
  memory,
  ones,
  registerBackend,
  registerLazyBackend,
  tensor,
  unavailableBackends,
  unregisterBackend,
  useBackend,
  zeros,
} from '../src/index.js';
import { refusal, values } from './support.js';

beforeEach(() => {
  abi.entries.clear();
  abi.current = null;
});
afterEach(() => {
  abi.entries.clear();
  abi.current = null;
});

const named = (name: string, changes: object = {}): Backend => Object.assign(cpuJs({ name }) as Backend, changes);
const state = () => [backends(), unavailableBackends(), abi.current, memory()];

describe('the registry', () => {
  it('without a backend says how to get one', () => {
    expect(refusal(() => zeros([2]))).toMatchObject({ name: 'BackendError', message: expect.stringContaining('registerBackend(cpuJs())') });
    expect(backends()).toEqual([]);
  });

  it('takes the first as default, in order, and switches by name', () => {
    expect([registerBackend(named('one')), registerBackend(strangerBackend('two'))]).toEqual(['one', 'two']);
    expect([backends(), ones([2]).backend]).toEqual([['one', 'two'], 'one']);
    useBackend('two');
    expect([ones([2]).backend, ones([2], { backend: 'one' }).backend, getBackend().name, getBackend('one').name]).toEqual([
      'two',
      'one',
      'two',
      'one',
    ]);
    expect(memory()).toEqual({ tensors: 3, bytes: 24, backends: { one: { tensors: 2, bytes: 16 }, two: { tensors: 1, bytes: 8 } } });
  });

  it.each([
    ['nothing', undefined, 'did you forget await?'],
    ['a promise', Promise.resolve(), 'did you forget await?'],
    ['no name', { interfaceVersion: 1 }, 'with a name'],
    ['another interface version', named('new', { interfaceVersion: 2 }), 'expected interface version 1, got 2 from "new"'],
    ['no version', named('none', { interfaceVersion: undefined }), 'got undefined'],
    ['no capabilities', named('mute', { capabilities: undefined }), 'capabilities'],
    ['kernels missing', named('half', { matmul: undefined, gather: undefined }), 'to have gather, matmul'],
  ])('refuses %s and stays as it was', (_name, backend, says) => {
    registerBackend(named('there'));
    const before = state();
    const e = (() => {
      try {
        registerBackend(backend as never);
      } catch (error) {
        return error as Error;
      }
      return expect.fail('expected an error');
    })();
    expect([e.name, e.message]).toEqual(['BackendError', expect.stringContaining(says)]);
    expect(state()).toEqual(before);
  });

  it('notes what is unavailable and shows the reason when it is asked for', () => {
    registerBackend(named('there'));
    expect(registerBackend({ name: 'gpu', unavailable: 'no WebGL2 in this process' })).toBeNull();
    expect([backends(), unavailableBackends()]).toEqual([['there'], { gpu: 'no WebGL2 in this process' }]);
    for (const ask of [() => useBackend('gpu'), () => getBackend('gpu'), () => zeros([1], { backend: 'gpu' })]) {
      expect(refusal(ask).message).toContain('"gpu" to run here, got: no WebGL2 in this process');
    }
    expect(abi.current).toBe('there');
    registerBackend({ name: 'there', unavailable: 'said too late' });
    expect(ones([1]).backend).toBe('there');
    registerBackend(named('gpu'));
    expect([backends(), unavailableBackends()]).toEqual([['there', 'gpu'], {}]);
  });

  it('unregistered names: the error lists those there are', () => {
    registerBackend(named('one'));
    for (const [op, ask] of [
      ['useBackend', () => useBackend('two')],
      ['getBackend', () => getBackend('two')],
      ['unregisterBackend', () => unregisterBackend('two')],
    ] as const) {
      expect(refusal(ask)).toMatchObject({ op, message: expect.stringContaining('("one"), got "two"; call registerBackend') });
    }
  });

  it('a name again: replaced when nothing lives there, refused otherwise', () => {
    const first = named('same');
    registerBackend(first);
    registerBackend(named('same'));
    expect(getBackend('same')).not.toBe(first);
    const t = tensor([1, 2]);
    const holder = getBackend('same');
    expect(refusal(() => registerBackend(named('same'))).message).toContain('1 live tensors');
    expect(registerBackend(holder)).toBe('same');
    expect(values(t)).toEqual([1, 2]);
    t.dispose();
    registerBackend(named('same'));
    expect(getBackend('same')).not.toBe(holder);
  });

  it('unregister refuses with live tensors, else disposes and goes on with the next', () => {
    let disposed = 0;
    registerBackend(named('one', { dispose: () => disposed++ }));
    registerBackend(named('two'));
    const t = ones([2]);
    expect(refusal(() => unregisterBackend('one')).message).toContain('got 1; dispose');
    expect([disposed, backends()]).toEqual([0, ['one', 'two']]);
    t.dispose();
    unregisterBackend('one');
    expect([disposed, backends(), ones([1]).backend]).toEqual([1, ['two'], 'two']);
  });

  it('lazy: made once, when first needed; an entry that is there stays', () => {
    let made = 0;
    registerLazyBackend('lazy', () => named(`lazy${made++ > 0 ? ', again' : ''}`));
    registerLazyBackend('lazy', () => expect.fail('the first entry stays'));
    registerBackend({ name: 'lazy', unavailable: 'it is available' });
    expect([made, backends(), memory().tensors]).toEqual([0, ['lazy'], 0]);
    ones([1]);
    zeros([1]);
    expect(made).toBe(1);
    registerLazyBackend('broken', () => undefined as never);
    expect(refusal(() => useBackend('broken')).message).toContain('"broken"');
    expect(abi.current).toBe('lazy');
  });

  it('one dtype less, one kernel less: the error names op, backend and dtype, and nothing is left', () => {
    const backend = named('small');
    Object.assign(backend, { capabilities: { ...backend.capabilities, dtypes: ['bool', 'int32', 'float32'] } });
    registerBackend(backend);
    const x = ones([2]);
    expect(refusal(() => x.cast('float64')).message).toContain('float64, which is not supported on "small"');
    expect(refusal(() => zeros([2], { dtype: 'float64' })).message).toContain('not supported on "small"');
    const lacking = named('lacking');
    const { supports } = lacking;
    lacking.supports = (family, kind, dtype) => !(kind === 'exp' && dtype === 'float64') && supports(family, kind, dtype);
    registerBackend(lacking);
    const y = ones([2], { dtype: 'float64', backend: 'lacking' });
    const before = memory();
    const e = refusal(() => y.exp());
    expect([e.name, e.op]).toEqual(['BackendError', 'exp']);
    expect(e.message).toContain('[exp] is not supported on "lacking" for float64');
    expect(values(y.cast('float32').exp())[0]).toBeCloseTo(Math.E);
    expect(memory().backends.lacking.tensors).toBeGreaterThanOrEqual(before.backends.lacking.tensors);
  });

  it('a stranger computes what cpu-js computes; a null backend has its shapes', () => {
    registerBackend(named('cpu'));
    registerBackend(strangerBackend('stranger'));
    registerBackend(nullBackend('null'));
    const run = (backend: string) => conv2d(ones([1, 1, 4, 4], { backend }), ones([2, 1, 3, 3], { backend }), null, { padding: 1 });
    expect(values(run('stranger'))).toEqual(values(run('cpu')));
    expect(run('null').shape).toEqual(run('cpu').shape);
  });
});
