import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { cpuJs } from '../src/index.js';

// Every view in Node; a page computes the same.
const views = 'document' in globalThis ? 'in turns' : 'each';

conformance({ describe, it }, { create: () => cpuJs(), views });
