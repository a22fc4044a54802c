import { defaults, fromQuery, type Settings, toQuery } from './settings.js';

/** Whether a value from a store holds settings that can be put in force. */
export function isSettings(x: unknown): x is Settings {
  if (typeof x !== 'object' || x === null) return false;
  const names = Object.keys(defaults) as (keyof Settings)[];
  if (!names.every((name) => name in x)) return false;
  // Values that an address can say are valid ones.
  const settings = x as Settings;
  const again = fromQuery(toQuery(settings));
  return names.every((name) => String(again[name]) === String(settings[name]));
}

/**
 * Whether a saved training is the one that an address asks for: an address without settings asks for what was there last;
 * one with settings asks for these and, of what it does not say, for the defaults. Threads that it does not say may be any.
 */
export function fits(saved: Settings, query: string): boolean {
  const given = new URLSearchParams(query);
  if (!Object.keys(defaults).some((name) => given.has(name))) return true;
  const asked = fromQuery(query);
  const threads = given.has('threads') ? asked.threads : saved.threads;
  return toQuery({ ...asked, threads }) === toQuery(saved);
}
