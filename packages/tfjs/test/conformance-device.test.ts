import { conformance } from '@konv/backend-testkit';
import { describe, it } from 'vitest';
import { tfjs } from '../src/backend/index.js';
import { registerDeviceLike } from './device-like.js';

registerDeviceLike('device-like');

await conformance({ describe, it }, { create: () => tfjs('device-like'), geometry: { runs: 20 }, views: 'in turns' });
