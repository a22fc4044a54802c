import { describe, it } from 'vitest';
import { conformance, strangerBackend } from '../src/index.js';

conformance({ describe, it }, { create: () => strangerBackend(), views: 'in turns' });
