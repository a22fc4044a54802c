import { CLASSES } from '../../model/layers.js';
import type { Evaluation, Mistake } from '../../model/protocol.js';

/** Mistakes that are told one by one. */
const WORST = 24;

/** What scores [n, 10] say about a network, by the true classes. */
export function summarize(scores: Float32Array, labels: Uint8Array): Omit<Evaluation, 'step'> {
  const counts = new Int32Array(CLASSES * CLASSES);
  const guesses = new Uint8Array(labels.length);
  const mistakes: Mistake[] = [];
  for (let index = 0; index < labels.length; index++) {
    const row = scores.subarray(index * CLASSES, (index + 1) * CLASSES);
    const label = labels[index];
    const guess = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    // A network that has diverged gives NaN for every score: it says nothing, which counts as the first class.
    guesses[index] = Math.max(0, guess);
    counts[label * CLASSES + guesses[index]]++;
    if (guesses[index] === label) continue;
    const log = logSumExp(row);
    mistakes.push({ index, label, guess: guesses[index], loss: log - row[label], sure: Math.exp(row[guesses[index]] - log) });
  }
  mistakes.sort((a, b) => b.loss - a.loss || a.index - b.index);
  const accuracy = labels.length === 0 ? 0 : guesses.reduce((right, guess, i) => right + (guess === labels[i] ? 1 : 0), 0) / labels.length;
  return { images: labels.length, accuracy, counts, guesses, labels: Uint8Array.from(labels), mistakes: mistakes.slice(0, WORST) };
}

function logSumExp(row: Float32Array): number {
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, s) => sum + Math.exp(s - top), 0));
}
