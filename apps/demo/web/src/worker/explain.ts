import { layersOf } from '../model/layers.js';
import type { LayerMaps, Picture, UnitRef, UnitReport } from '../model/protocol.js';
import { explainIn, mapsIn } from './explain/pass.js';
import { pictureOf } from './look.js';
import type { Session } from './session.js';

/** How one unit's value and its gradient are made, by the weights that are shown; with the maps of the same moment. */
export async function explainUnit(session: Session, unit: UnitRef, picture: Picture): Promise<UnitReport> {
  const { maps, forward, backward } = await explainIn(session.net, session.training.backend, await pictureOf(picture), unit);
  const all = named(session, maps);
  return { unit, kind: all[unit.layer].kind, step: session.shownStep, maps: all, forward, backward };
}

/** What every layer makes of a picture, and the loss's gradient with respect to it. */
export async function mapsOf(session: Session, picture: Picture): Promise<readonly LayerMaps[]> {
  return named(session, await mapsIn(session.net, session.training.backend, await pictureOf(picture)));
}

function named(session: Session, maps: Awaited<ReturnType<typeof mapsIn>>): readonly LayerMaps[] {
  const layers = layersOf(session.training.settings);
  return maps.map(([values, gradients], layer) => ({ layer, kind: layers[layer].kind, values, gradients }));
}
