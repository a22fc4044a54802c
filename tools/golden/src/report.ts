import { layerRows } from './layers.js';
import { opRows } from './ops.js';
import { type Row, table, uncovered, verdict } from './rows.js';
import { trainingRows } from './training.js';

/** Every public op, layer, loss, optimizer and scheduler with the fixtures that it has. */
export function rows(): Row[] {
  return [...opRows(), ...layerRows(), ...trainingRows()];
}

/** Prints the table; returns 1 where something is uncovered. */
export function report(print: (text: string) => void): number {
  const found = rows();
  print(table(found));
  print(verdict(found));
  return found.some((r) => uncovered(r).length > 0) ? 1 : 0;
}
