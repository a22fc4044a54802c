// Runs in the page before each browser spec: the page is of the kind that its project is there to test.
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    isolated: boolean;
    /** Everything is to be tested, whatever time it takes (`KONV_SOAK`). */
    soak: boolean;
  }
}

const { crossOriginIsolated: got } = globalThis as { crossOriginIsolated?: boolean };
if (got !== inject('isolated')) throw new Error(`expected crossOriginIsolated ${inject('isolated')}, got ${got}; see vitest.config.ts`);
