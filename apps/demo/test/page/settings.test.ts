import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, isSettings } from '../../web/src/model/saved-settings.js';
import {
  architectures,
  backendNames,
  batches,
  defaults,
  fromQuery,
  imageCounts,
  kernelSides,
  MOST_CHANNELS,
  optimizers,
  paces,
  type Settings,
  toQuery,
} from '../../web/src/model/settings.js';

const side = fc.constantFrom(...kernelSides);
const channels = fc.integer({ min: 1, max: MOST_CHANNELS });
const anySettings: fc.Arbitrary<Settings> = fc.record({
  architecture: fc.constantFrom(...architectures),
  channels: fc.tuple(channels, channels),
  kernels: fc.tuple(side, side),
  optimizer: fc.constantFrom(...optimizers),
  lr: fc.double({ min: 1e-9, max: 10, noNaN: true }),
  batch: fc.constantFrom(...batches),
  images: fc.constantFrom(...imageCounts),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  backend: fc.constantFrom(...backendNames),
  threads: fc.integer({ min: 1, max: 64 }),
  pace: fc.constantFrom(...paces),
});

describe('the settings in an address', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(fromQuery(toQuery(settings))).toEqual(settings);
      }),
    );
  });

  it('are nothing where nothing differs from the defaults', () => {
    expect(toQuery(defaults)).toBe('');
    expect(fromQuery('')).toEqual(defaults);
  });

  it('are read one by one', () => {
    expect(fromQuery('?lr=0.1&channels=8x12&pace=0&other=1')).toEqual({ ...defaults, lr: 0.1, channels: [8, 12], pace: 0 });
  });

  it.each([
    'lr=0',
    'lr=-1',
    'lr=x',
    'lr=11',
    'lr=NaN',
    'channels=0x6',
    'channels=6',
    'channels=6x33',
    'channels=6x6x6',
    'kernels=2x3',
    'kernels=5x9',
    'optimizer=sgd',
    'architecture=__proto__',
    'batch=33',
    'images=60000',
    'seed=1.5',
    'seed=-1',
    'backend=cuda',
    'threads=0',
    'pace=7',
  ])('%s is no value: the default stays', (query) => {
    expect(fromQuery(`?${query}`)).toEqual(defaults);
  });
});

describe('a saved training', () => {
  it('is taken up by an address without settings, and by one with its own', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(isSettings(settings)).toBe(true);
        expect(fits(settings, '')).toBe(true);
        expect(fits(settings, '?from=elsewhere')).toBe(true);
        // Where an address says nothing, as for the defaults, any training is taken up.
        expect(fits(settings, toQuery(settings))).toBe(true);
      }),
    );
  });

  it('is left by an address with other settings', () => {
    const saved: Settings = { ...defaults, lr: 0.1, threads: 4 };
    expect(fits(saved, '?lr=0.1')).toBe(true);
    expect(fits(saved, '?lr=0.1&threads=4')).toBe(true);
    expect(fits(saved, '?lr=0.1&threads=2')).toBe(false);
    expect(fits(saved, '?lr=0.2')).toBe(false);
    expect(fits(saved, '?lr=0.1&seed=7')).toBe(false);
    expect(fits(saved, '?seed=42')).toBe(false);
  });

  it.each([null, 7, {}, { ...defaults, lr: '0' }, { ...defaults, backend: 'cuda' }, { ...defaults, channels: [6] }])(
    'with settings like %j is damaged',
    (settings) => {
      expect(isSettings(settings)).toBe(false);
    },
  );
});
