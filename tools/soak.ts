// What vitest.config.ts provides to every spec, by `inject`.
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether the page is there to be cross-origin isolated. */
    isolated: boolean;
    soak: boolean;
  }
}

/** `npm run soak`: random cases in great number, and every variant of what `npm test` tries once. */
export const soak = inject('soak');

/** How many random cases to try: `many` in a soak, a fifth of them otherwise. */
export const rounds = (many: number): number => (soak ? many : Math.ceil(many / 5));
