import type { Pages } from './chromium.js';
import type { Training, TrainingJob } from './protocol.js';

export interface Trainings {
  /** One of each contender, in a page that counts. */
  counted: Training[];
  /** Several of each, in pages that leave WebGL as it is. */
  timed: Training[];
}

const batch = 64;
const otherBatch = 48;

/**
 * Each contender alone in a browser of its own with empty caches: once in a page that counts, then `rounds` times, in
 * turns, on the clock; those that can compile beforehand also with that.
 */
export async function trainAlone(
  pages: Pages,
  contenders: readonly string[],
  rounds: number,
  say: (line: string) => void,
): Promise<Trainings> {
  const failed = new Set<string>();
  const train = async (file: string, job: TrainingJob): Promise<Training[]> => {
    if (failed.has(job.contender)) return [];
    try {
      return [await pages.within(file, (page) => page.evaluate((j) => globalThis.konvBench.train(j), job))];
    } catch (e) {
      failed.add(job.contender);
      say(`\n${job.contender}, training alone, left out: ${(e as Error).message}`);
      return [];
    }
  };
  const counted: Training[] = [];
  const timed: Training[] = [];
  for (const contender of contenders) {
    counted.push(...(await train('counting.html', { contender, batch, otherBatch, steps: 5, warmUp: false })));
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const job = { contender, batch, otherBatch: null, steps: 3 };
      timed.push(...(await train('index.html', { ...job, warmUp: false })));
      if (contender.startsWith('tfjs')) continue;
      // Where it is not offered, this was another cold page.
      timed.push(...(await train('index.html', { ...job, warmUp: true })));
    }
  }
  return { counted, timed };
}
