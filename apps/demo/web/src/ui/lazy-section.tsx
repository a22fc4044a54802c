import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

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
      load().then(
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
