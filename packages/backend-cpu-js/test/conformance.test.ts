import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { cpuJs } from '../src/index.js';

conformance({ describe, it }, { create: () => cpuJs() });
