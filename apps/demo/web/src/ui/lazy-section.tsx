import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { latest } from './store.js';

/** A section may have to wait so long for the training to begin. */
const PATIENCE_MS = 5000;

/** The training's own code and pictures come before those of a section, also where a tall screen shows one at once. */
function first(): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, PATIENCE_MS);
    const stop = latest.subscribe((update) => {
      if (!update || update.step === 0) return;
      clearTimeout(late);
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

export interface LazySectionProps {
  readonly id: string;
  readonly title: string;
  /** One sentence that says what is to be seen. */
  readonly lead: string;
  /** The section's code, fetched when it comes near. */
  readonly load: () => Promise<ComponentType>;
}

/** A section whose heading stands from the beginning and whose content comes when it is about to be seen. */
export function LazySection({ id, title, lead, load }: LazySectionProps) {
  const place = useRef<HTMLElement>(null);
  const [Content, setContent] = useState<ComponentType | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const begin = (): void => {
      first()
        .then(load)
        .then(
          (found) => setContent(() => found),
          () => setFailed(true),
        );
    };
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((e) => e.isIntersecting)) return;
        observer.disconnect();
        begin();
      },
      { rootMargin: '100px' },
    );
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return (
    <section id={id} ref={place} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p class="lead">{lead}</p>
      {Content ? (
        <Content />
      ) : (
        <p class="wait place">{failed ? 'This part could not be loaded. Reload the page when you are online.' : 'Loading this part.'}</p>
      )}
    </section>
  );
}
