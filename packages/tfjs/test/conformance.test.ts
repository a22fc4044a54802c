import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { tfjs } from '../src/backend/index.js';

await conformance({ describe, it }, { create: () => tfjs('wasm') });
