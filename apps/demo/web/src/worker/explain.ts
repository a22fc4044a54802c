import type { LayerMaps, Picture, UnitRef, UnitReport } from '../model/protocol.js';
import type { Session } from './session.js';

export async function explainUnit(session: Session, unit: UnitRef, picture: Picture): Promise<UnitReport> {
  throw new Error('not written yet');
}

export async function mapsOf(session: Session, picture: Picture): Promise<readonly LayerMaps[]> {
  throw new Error('not written yet');
}
