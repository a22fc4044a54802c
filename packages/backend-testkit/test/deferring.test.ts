import { cpuJs } from '@konv/backend-cpu-js';
import { afterAll, describe, expect, it } from 'vitest';
import { soak } from '../../../tools/soak.js';
import { conformance, deferringBackend, strangerBackend } from '../src/index.js';

const overStranger = deferringBackend(strangerBackend(), 'deferring over stranger');
const overCpuJs = deferringBackend(cpuJs(), 'deferring over cpu-js');

// `npm run soak` has the whole suite over the stranger, too.
if (soak) conformance({ describe, it }, { create: () => overStranger, views: 'in turns' });
conformance({ describe, it }, { create: () => overCpuJs, views: 'in turns' });

describe('the deferring backend', () => {
  afterAll(() => {
    overStranger.dispose?.();
    overCpuJs.dispose?.();
  });

  it('has queued, rebound memory and undone its blocked layout', () => {
    for (const backend of soak ? [overStranger, overCpuJs] : [overCpuJs]) {
      expect(backend.counts.queued).toBeGreaterThan(10_000);
      expect(backend.counts.rebound).toBeGreaterThan(0);
    }
    expect(overCpuJs.counts.unblocked).toBeGreaterThan(0);
  });
});
