import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { wasm } from '../src/index.js';

await conformance({ describe, it }, { create: () => wasm({ threads: 2 }) });
