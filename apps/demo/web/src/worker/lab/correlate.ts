import type { ConvRequest, Values } from '../../model/protocol.js';

export async function correlate(request: ConvRequest): Promise<Values> {
  throw new Error('not written yet');
}
