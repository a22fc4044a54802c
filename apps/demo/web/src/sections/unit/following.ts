import { computed, effect } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { latest, picture } from '../../ui/store.js';

const EVERY_MS = 1000;

// The trainer tells twenty times a second; what hangs on these is drawn anew only when they change.
export const ready = computed(() => latest.value !== null && latest.value.phase !== 'loading');
export const running = computed(() => latest.value?.phase === 'running');
export const shown = computed(() => latest.value?.shown ?? null);
/** Tells networks apart, whatever their weights are. */
export const network = computed(() => {
  const settings = latest.value?.settings;
  return settings ? [settings.architecture, settings.channels, settings.kernels].join(' ') : '';
});

/** What the network is and which moment of it is shown: when this changes, all that is seen of it is old. */
const moment = computed(() => {
  if (!ready.value) return '';
  const still = running.value && shown.value === null ? 'running' : latest.value?.step;
  return [network.value, shown.value, still].join(' ');
});

/**
 * Calls `refresh` when another picture, another network or another moment is looked at, and about once a second while the
 * training runs and the element is on the screen, if `may` says so.
 */
export function useFollowing(place: RefObject<HTMLElement | null>, refresh: () => void, may: () => boolean): void {
  useEffect(() => {
    let visible = false;
    let last = '';
    let lastPicture: unknown = null;
    const observer = new IntersectionObserver((entries) => {
      visible = entries[entries.length - 1].isIntersecting;
    });
    if (place.current) observer.observe(place.current);
    const stop = effect(() => {
      const now = moment.value;
      const at = picture.value;
      if (now === '' || (now === last && at === lastPicture)) return;
      last = now;
      lastPicture = at;
      refresh();
    });
    const timer = setInterval(() => {
      if (visible && !document.hidden && running.peek() && may()) refresh();
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      stop();
      observer.disconnect();
    };
  }, []);
}

/** One call at a time; what is asked for meanwhile is done once more afterwards. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running = false;
  let again = false;
  return async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await work();
      } while (again);
    } finally {
      running = false;
    }
  };
}

/** Whether things may move by themselves. */
export const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
