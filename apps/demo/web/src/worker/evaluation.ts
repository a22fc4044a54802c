import type { Evaluation } from '../model/protocol.js';
import type { Session } from './session.js';

export async function evaluate(session: Session): Promise<Evaluation> {
  throw new Error('not written yet');
}
