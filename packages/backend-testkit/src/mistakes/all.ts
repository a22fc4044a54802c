import { shapeMistakes } from './shapes.js';
import { trainingMistakes } from './training.js';
import type { Mistake } from './types.js';

/** The catalogue. `docs/mistakes.md` shows it to users. */
export const mistakes: readonly Mistake[] = [...shapeMistakes, ...trainingMistakes];
