import { layersOf } from '../model/layers.js';
import type { LayerMaps, Picture, UnitRef, UnitReport } from '../model/protocol.js';
import { explainIn, mapsIn } from './explain/pass.js';
import { pictureOf } from './look.js';
import type { Session } from './session.js';

/** How one unit's value and its gradient are made, by the weights that are shown. */
export async function explainUnit(session: Session, unit: UnitRef, picture: Picture): Promise<UnitReport> {
  const { forward, backward } = await explainIn(session.net, session.training.backend, await pictureOf(picture), unit);
  return { unit, kind: layersOf(session.training.settings)[unit.layer].kind, step: session.shownStep, forward, backward };
}

/** What every layer makes of a picture, and the loss's gradient with respect to it. */
export async function mapsOf(session: Session, picture: Picture): Promise<readonly LayerMaps[]> {
  const found = await mapsIn(session.net, session.training.backend, await pictureOf(picture));
  const layers = layersOf(session.training.settings);
  return found.map(([values, gradients], layer) => ({ layer, kind: layers[layer].kind, values, gradients }));
}
