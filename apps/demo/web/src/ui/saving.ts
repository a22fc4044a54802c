import type { Saved } from '../model/protocol.js';

/** What an earlier visit left, or null. */
export async function readSaved(): Promise<Saved | null> {
  return null;
}
