import { conformance, promises } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { webgl } from '../src/index.js';

await conformance({ describe, it }, { create: webgl, tolerance: promises.webgl });
