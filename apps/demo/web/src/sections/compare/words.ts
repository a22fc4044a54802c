import type { BenchRow } from '../../model/protocol.js';

/** What the figures depend on. */
export interface Machine {
  readonly browser: string;
  readonly cores: number | null;
  readonly isolated: boolean;
  /** Who draws for WebGL; null: nobody, or the browser keeps it to itself. */
  readonly renderer: string | null;
}

/** Graphics in software: its times say nothing about a graphics processor. */
export const isSoftware = (renderer: string | null): boolean =>
  renderer !== null && /swiftshader|llvmpipe|softpipe|basic render/i.test(renderer);

/** `Chromium 141` out of all that a browser says about itself. */
export function browserName(userAgent: string): string {
  const known = [
    [/Edg\/(\d+)/, 'Edge'],
    [/OPR\/(\d+)/, 'Opera'],
    [/Firefox\/(\d+)/, 'Firefox'],
    [/Chrome\/(\d+)/, 'Chromium'],
    [/Version\/(\d+).*Safari/, 'Safari'],
  ] as const;
  for (const [pattern, name] of known) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'this browser';
}

export function caveats({ browser, cores, isolated, renderer }: Machine): string[] {
  return [
    `The figures are those of this machine and this browser (${browser}), with whatever else it is doing; another will order them differently.`,
    cores === null
      ? 'The browser does not say how many cores there are.'
      : `The browser reports ${cores} ${cores === 1 ? 'core' : 'cores'}.`,
    isolated
      ? 'The page is isolated: wasm may have threads, and the timer ticks in steps of a few microseconds.'
      : 'The page is not isolated: wasm has one thread, and the timer ticks in coarse steps, up to a millisecond.',
    isSoftware(renderer)
      ? `WebGL is drawn in software here (${renderer}), on the processor: its times say nothing about a graphics processor.`
      : renderer === null
        ? 'The browser does not say who draws for WebGL.'
        : `WebGL is drawn by ${renderer}.`,
    'What takes less than the timer can tell is repeated for about 40 ms, and the time divided.',
  ];
}

export const msText = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2));
export const gflopsText = (gflops: number): string => gflops.toPrecision(3);

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The table as Markdown, with what it depends on. */
export function toMarkdown(rows: readonly BenchRow[], network: string, machine: Machine): string {
  const lines = rows.map(({ library, backend, what, ms, gflops, unavailable }) => {
    const figures = ms === null || gflops === null ? [unavailable ?? 'not measured', ''] : [msText(ms), gflopsText(gflops)];
    return `| ${[library, backend, what, ...figures].map(cell).join(' | ')} |`;
  });
  return [
    network,
    '',
    '| library | backend | what | ms | GFLOP/s |',
    '| --- | --- | --- | ---: | ---: |',
    ...lines,
    '',
    ...caveats(machine).map((line) => `- ${line}`),
    '',
  ].join('\n');
}

/** How long a bar is, 0 ... 1, on a logarithmic line over the powers of ten that hold all of `all`. */
export function barLength(ms: number, all: readonly number[]): number {
  const [low, high] = decades(all);
  return Math.max(0.01, (Math.log10(ms) - low) / (high - low));
}

/** The powers of ten around `all`: at least one apart. */
export function decades(all: readonly number[]): readonly [number, number] {
  const low = Math.floor(Math.log10(Math.min(...all)) - 0.05);
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...all))))];
}
