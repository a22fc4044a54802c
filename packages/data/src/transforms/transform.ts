import { KonvError } from '@konv/core-tensor';
import type { HostTensor } from '../host-tensor.js';

/** Makes another sample of a sample; it does not write into its argument. */
export type Transform = (x: HostTensor) => HostTensor;

/**
 * One transform after another. Errors: `KonvError` for what is no function.
 * Source: torchvision.transforms.Compose.
 */
export function compose(...transforms: Transform[]): Transform {
  transforms.forEach((t: unknown, k) => {
    if (typeof t === 'function') return;
    const got = Array.isArray(t) ? 'an array' : typeof t;
    throw new KonvError('compose', `expected functions, got ${got} as number ${k}; write compose(a, b), not compose([a, b])`);
  });
  return (x) => transforms.reduce((y, t) => t(y), x);
}
