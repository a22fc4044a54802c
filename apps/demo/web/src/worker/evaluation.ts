import type { Evaluation } from '../model/protocol.js';
import { testImages } from './data.js';
import { testScores } from './evaluate.js';
import { summarize } from './explain/summary.js';
import type { Session } from './session.js';

/** How the network that is shown does on all test images. */
export async function evaluate(session: Session): Promise<Evaluation> {
  const step = session.shownStep;
  const scores = await testScores(session.net, session.training.backend);
  if (scores === null) throw new Error('The evaluation was broken off; ask for it again.');
  const { targets } = await testImages();
  return { step, ...summarize(scores, targets) };
}
