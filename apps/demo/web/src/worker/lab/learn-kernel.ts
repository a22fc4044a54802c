import type { LearnStep } from '../../model/protocol.js';

export async function learnKernel(lr: number, steps: number): Promise<readonly LearnStep[]> {
  throw new Error('not written yet');
}
