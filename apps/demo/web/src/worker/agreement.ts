import type { Agreement } from '../model/protocol.js';
import type { Session } from './session.js';

export async function agreement(session: Session): Promise<readonly Agreement[]> {
  throw new Error('not written yet');
}
