import type { BackendName } from '../model/settings.js';

/** A backend of konv as a page may have it. */
export interface KonvBackend {
  readonly name: BackendName;
  readonly threads: number;
  readonly label: string;
  /** Why it is not even tried. */
  readonly unavailable: string | null;
}

/** konv's backends as this page can have them: wasm also with a thread for each core, eight at most. */
export function konvBackends(): KonvBackend[] {
  const threads = Math.max(2, Math.min(8, navigator.hardwareConcurrency || 2));
  const isolated = 'crossOriginIsolated' in globalThis && crossOriginIsolated;
  return [
    { name: 'cpu-js', threads: 1, label: 'cpu-js', unavailable: null },
    { name: 'wasm', threads: 1, label: 'wasm, 1 thread', unavailable: null },
    {
      name: 'wasm',
      threads,
      label: `wasm, ${threads} threads`,
      unavailable: isolated ? null : 'The page is served without isolation headers, so wasm has one thread.',
    },
    { name: 'webgl', threads: 1, label: 'webgl', unavailable: null },
  ];
}
