/** The same in a worker, on an OffscreenCanvas: nothing here needs a page. */
import { describe, expect, it } from 'vitest';
import { hasWebgl } from './harness.js';

interface WorkerLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}
declare const Worker: new (url: URL, options: { type: 'module' }) => WorkerLike;

describe.skipIf(!hasWebgl)('in a worker', () => {
  it('trains on an OffscreenCanvas', async () => {
    const worker = new Worker(new URL('./worker-entry.ts', import.meta.url), { type: 'module' });
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message ?? 'the worker did not start'));
        worker.postMessage('begin');
      });
      expect(answer).toEqual({ backend: 'webgl', losses: expect.any(Array), inPage: false });
      const { losses } = answer as { losses: number[] };
      // The article's training: 6.4 or so down to almost nothing.
      expect(losses[0]).toBeGreaterThan(1);
      expect(losses[9]).toBeLessThan(losses[0] / 50);
    } finally {
      worker.terminate();
    }
  });
});
