import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Values } from '../../model/protocol.js';
import { lab } from '../../ui/workers.js';
import { noOutput, type Slide } from './arithmetic.js';

/** An output with what it was made from: always of one piece, also while the next one is computed. */
export interface Result {
  readonly image: Values;
  readonly kernel: Values;
  readonly slide: Slide;
  readonly output: Values;
}

/** An image, a kernel and how it slides; konv computes the output whenever one of them changes. */
export interface Correlation {
  readonly image: Signal<Values>;
  readonly kernel: Signal<Values>;
  readonly slide: Signal<Slide>;
  /** Row-major index of the output that is looked at. */
  readonly position: Signal<number>;
  readonly result: ReadonlySignal<Result | null>;
  /** Why there is no output; '' where there is, or soon will be, one. */
  readonly why: ReadonlySignal<string>;
}

export const atRest: Slide = { stride: 1, padding: 0, dilation: 1 };

export function correlation(first: Values, firstKernel: Values, axes: readonly string[]): Correlation {
  const image = signal(first);
  const kernel = signal(firstKernel);
  const slide = signal(atRest);
  const position = signal(0);
  const result = signal<Result | null>(null);
  const failure = signal('');
  const misfit = computed(() => noOutput(axes, image.value.shape, kernel.value.shape, slide.value));
  let wanted: Omit<Result, 'output'> | null = null;
  let busy = false;
  const work = async (): Promise<void> => {
    // One request at a time, and always the latest: a slider asks faster than it can be answered.
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const now = wanted;
      wanted = null;
      try {
        const output = await lab().correlate({ image: now.image, kernel: now.kernel, ...now.slide });
        if (misfit.peek() === '') {
          position.value = Math.min(position.peek(), output.data.length - 1);
          result.value = { ...now, output };
        }
        failure.value = '';
      } catch (e) {
        failure.value = `The output could not be computed: ${e instanceof Error ? e.message : String(e)} Change a setting to try again.`;
      }
    }
    busy = false;
  };
  effect(() => {
    const next = { image: image.value, kernel: kernel.value, slide: slide.value };
    if (misfit.value !== '') {
      wanted = null;
      result.value = null;
      return;
    }
    wanted = next;
    void work();
  });
  return { image, kernel, slide, position, result, why: computed(() => misfit.value || failure.value) };
}
