// Runs in the page before each browser spec: the page is of the kind that its project is there to test.
import { inject } from 'vitest';
import '../soak.js';

const { crossOriginIsolated: got } = globalThis as { crossOriginIsolated?: boolean };
if (got !== inject('isolated')) throw new Error(`expected crossOriginIsolated ${inject('isolated')}, got ${got}; see vitest.config.ts`);
