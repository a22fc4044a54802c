import { cpuJs } from '@konv/backend-cpu-js';
import { describe, it } from 'vitest';
import { conformance, withoutOptional } from '../src/index.js';

conformance({ describe, it }, { create: () => withoutOptional(cpuJs()), views: 'in turns' });
