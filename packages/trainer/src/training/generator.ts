import { defaultGenerator, Generator } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import { bytes, refuse } from '../checkpoint/tree.js';

/** The state of the global generator. */
export function generatorState(): HostEntry {
  return bytes(defaultGenerator().getState());
}

/** Errors: `FormatError`; the global generator is as it was then. */
export function setGeneratorState(entry: HostEntry): void {
  defaultGenerator().setState(checkGenerator(entry));
}

/** The bytes of a generator's state, after a trial. Errors: `FormatError`. */
export function checkGenerator(entry: HostEntry): Uint8Array {
  const list = Uint8Array.from(entry.data);
  try {
    new Generator().setState(list);
  } catch (cause) {
    throw Object.assign(refuse("a generator's state", `${list.length} other bytes`, 'save the checkpoint again'), { cause });
  }
  return list;
}
