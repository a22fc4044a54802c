import { turn } from '../../turn.js';

/** A round of a task lasts about so long, however coarse the timer: what is short is repeated. */
export const ROUND_MS = 40;
export const ROUNDS = 5;
/** What takes longer than this is measured fewer times, but never once only. */
const LONG_MS = 700;

export function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Something to be timed, with its times so far. */
export class Timed {
  readonly times: number[] = [];
  #each = 1;
  #estimate = 0;

  constructor(
    readonly run: () => Promise<unknown>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The first runs compile, allocate and adapt: they are no part of any time. */
  async warmUp(): Promise<void> {
    await this.run();
    await this.run();
    const started = this.now();
    await this.run();
    this.#estimate = this.now() - started;
    this.#each = Math.max(1, Math.min(200, Math.round(ROUND_MS / Math.max(this.#estimate, 0.05))));
  }

  get rounds(): number {
    return this.#estimate > LONG_MS ? 3 : ROUNDS;
  }

  async round(): Promise<void> {
    const started = this.now();
    for (let i = 0; i < this.#each; i++) await this.run();
    this.times.push((this.now() - started) / this.#each);
  }
}

/** All in turns, so that a machine that is slow for a while is so for everybody. Each round begins with another. */
export async function inTurns<T extends Timed>(
  all: readonly T[],
  stopped: () => boolean,
  measured: (task: T, round: number) => void,
  starting: (task: T, round: number) => void = () => {},
): Promise<void> {
  const rounds = Math.max(0, ...all.map((task) => task.rounds));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < all.length; i++) {
      const task = all[(i + round) % all.length];
      if (round >= task.rounds) continue;
      await turn();
      if (stopped()) return;
      starting(task, round);
      await task.round();
      measured(task, round);
    }
  }
}
