import { useEffect, useRef } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import { moved } from './moves.js';

/** A whole pass takes about this long, within what the eye can follow. */
const PASS_MS = 16_000;
const SLOWEST_MS = 420;
const FASTEST_MS = 40;

export const wantsMotion = (): boolean => !matchMedia('(prefers-reduced-motion: reduce)').matches;

export interface PlayerProps {
  readonly position: Signal<number>;
  readonly playing: Signal<boolean>;
  readonly count: number;
  readonly columns: number;
}

/** Previous, play or pause, next; arrow keys on its buttons move the kernel, too. */
export function Player({ position, playing, count, columns }: PlayerProps) {
  useEffect(() => {
    if (!playing.value || count === 0) return;
    const wait = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, PASS_MS / count));
    const stride = Math.max(1, Math.round((wait * count) / PASS_MS));
    const timer = setInterval(() => {
      const next = position.peek() + stride;
      if (next >= count) playing.value = false;
      position.value = Math.min(count - 1, next);
    }, wait);
    return () => clearInterval(timer);
  }, [playing.value, count]);
  const go = (to: number): void => {
    playing.value = false;
    position.value = Math.min(count - 1, Math.max(0, to));
  };
  return (
    <div
      class="row"
      role="group"
      aria-label="Slide the kernel"
      onKeyDown={(e) => {
        const to = moved(e.key, position.value, count, columns);
        if (to === null) return;
        e.preventDefault();
        go(to);
      }}
    >
      <button type="button" disabled={count === 0} onClick={() => go(position.value - 1)}>
        Previous
      </button>
      <button
        type="button"
        class="strong"
        disabled={count === 0}
        onClick={() => {
          if (!playing.value && position.value >= count - 1) position.value = 0;
          playing.value = !playing.value;
        }}
      >
        {playing.value ? 'Pause' : 'Play'}
      </button>
      <button type="button" disabled={count === 0} onClick={() => go(position.value + 1)}>
        Next
      </button>
      <span class="phase" data-fact="place">
        Place {count === 0 ? 0 : position.value + 1} of {count}
      </span>
    </div>
  );
}

/** Begins to play when its place is first seen, where motion is wanted. Returns the ref of the place. */
export function usePlayWhenSeen(playing: Signal<boolean>) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!wantsMotion() || !place.current) return;
    let begun = false;
    const observer = new IntersectionObserver(
      (entries) => {
        const seen = entries.some((e) => e.isIntersecting);
        // Once, and not where nobody looks.
        if (seen && !begun) playing.value = true;
        if (!seen) playing.value = false;
        begun ||= seen;
      },
      { threshold: 0.3 },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return place;
}
