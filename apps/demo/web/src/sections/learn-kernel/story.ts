import type { LearnStep } from '../../model/protocol.js';

/** The article's. */
export const LR = 0.03;
export const STEPS = 10;
export const MOST_STEPS = 50;
export const LRS = { least: 0.001, most: 0.06, step: 0.001 } as const;

/** Every so many epochs a line is printed. */
export const PRINTED = 2;

/** The article's lines that stand on the terminal after `done` updates: the loss of an epoch is that before its update. */
export function printed(entries: readonly LearnStep[], done: number): string[] {
  const lines: string[] = [];
  for (let epoch = PRINTED; epoch <= done; epoch += PRINTED) lines.push(`epoch ${epoch}, loss ${fixed(entries[epoch - 1].loss, 3)}`);
  return lines;
}

/** `[[1.0063, -0.9662]]`, as PyTorch prints it. */
export const kernelText = (kernel: readonly number[]): string => `[[${kernel.map((v) => fixed(v, 4)).join(', ')}]]`;

export const fixed = (x: number, digits: number): string =>
  Number.isFinite(x) && Math.abs(x) < 1e6
    ? x.toFixed(digits)
    : Number.isFinite(x)
      ? x.toExponential(2)
      : Number.isNaN(x)
        ? 'nan'
        : x > 0
          ? 'inf'
          : '-inf';

export type Fate = 'learns' | 'slow' | 'diverges';

/** What has become of the training: the loss grows beyond where it began, is still large, or has all but vanished. */
export function fateOf(entries: readonly LearnStep[]): Fate {
  const [first, last] = [entries[0].loss, entries[entries.length - 1].loss];
  if (!(last <= first)) return 'diverges';
  return last > 0.1 ? 'slow' : 'learns';
}

export const fateText: Readonly<Record<Fate, string>> = {
  learns: 'the loss has all but vanished: the kernel has become [1, −1], give or take a little.',
  slow: 'the loss falls, but it has not arrived: take more steps or a larger learning rate.',
  diverges:
    'the loss has grown. The learning rate is too large. Every update jumps over the lowest point and lands higher than before. Make it smaller.',
};
