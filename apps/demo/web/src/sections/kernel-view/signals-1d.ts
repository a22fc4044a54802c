import type { Values } from '../../model/protocol.js';

export const LENGTH = 120;

/** One wave of a heartbeat: where in the beat (0 ... 1), how wide, how high. */
const waves = [
  [0.2, 0.025, 0.12],
  [0.34, 0.009, -0.14],
  [0.37, 0.01, 1],
  [0.4, 0.01, -0.24],
  [0.62, 0.04, 0.28],
] as const;
const BEAT = 40;

/** Three heartbeats as an ECG draws them, made by formula, with a little deterministic unrest. */
export function heartbeats(): Values {
  const data = Float32Array.from({ length: LENGTH }, (_, i) => {
    const t = (i % BEAT) / BEAT;
    const unrest = 0.03 * Math.sin(i * 2.4) + 0.02 * Math.sin(i * 5.3 + 1);
    return Number(
      (waves.reduce((sum, [at, width, height]) => sum + height * Math.exp(-0.5 * ((t - at) / width) ** 2), 0) + unrest).toFixed(3),
    );
  });
  return { shape: [LENGTH], data };
}

/** 0, and 1 from the middle on. */
export function step(): Values {
  return { shape: [LENGTH], data: Float32Array.from({ length: LENGTH }, (_, i) => (i < LENGTH / 2 ? 0 : 1)) };
}

export const signals = [
  { name: 'Heartbeats (like an ECG)', make: heartbeats },
  { name: 'A step', make: step },
] as const;
