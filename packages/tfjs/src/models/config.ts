import { describe, isRecord, type Json, Uncovered } from './refuse.js';

/** `camelCase` as `snake_case`; tfjs writes both. */
export function snake(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** The config of one layer, read with checks. Keys are in snake case. Throws `Uncovered`, which the planner collects. */
export class Config {
  readonly #raw: Json;
  constructor(raw: Json) {
    this.#raw = Object.create(null) as Json;
    for (const [key, value] of Object.entries(raw)) this.#raw[snake(key)] = value;
  }

  raw(name: string): unknown {
    return this.#raw[name];
  }
  has(name: string): boolean {
    return this.#raw[name] !== undefined && this.#raw[name] !== null;
  }

  number(name: string, fallback?: number): number {
    const value = this.#raw[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new Uncovered(`${name} is ${describe(value)}, no number`);
  }
  whole(name: string, least: number, fallback?: number): number {
    const value = this.number(name, fallback);
    if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return value;
    throw new Uncovered(`${name} is ${value}, no whole number >= ${least}`);
  }
  flag(name: string, fallback: boolean): boolean {
    const value = this.#raw[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw new Uncovered(`${name} is ${describe(value)}, neither true nor false`);
  }
  /** One whole number >= 1 for each axis; a single one stands for all. */
  perAxis(name: string, rank: number, fallback?: number | readonly number[]): number[] {
    const value = this.#raw[name] ?? fallback;
    const list: unknown[] = Array.isArray(value)
      ? value.length === 1
        ? new Array(rank).fill(value[0])
        : value
      : new Array(rank).fill(value);
    if (list.length === rank && list.every((v) => Number.isSafeInteger(v) && (v as number) >= 1 && (v as number) < 2 ** 31)) {
      return list as number[];
    }
    throw new Uncovered(`${name} is ${describe(value)}, not ${rank} whole numbers >= 1`);
  }
  choice<T extends string>(name: string, known: readonly T[], fallback: T): T {
    const value = this.#raw[name] ?? fallback;
    const text = typeof value === 'string' ? snake(value) : value;
    if (known.includes(text as T)) return text as T;
    throw new Uncovered(`${name} is ${describe(value)}, none of ${known.join(', ')}`);
  }
  /** Refuses an option that must be absent or equal to `only`, and says why. */
  only(name: string, only: unknown, why: string): void {
    const value = this.#raw[name] ?? null;
    const all = Array.isArray(value) ? value : [value];
    if (value === null || all.every((v) => v === only)) return;
    throw new Uncovered(`${name} is ${describe(value)}; ${why}`);
  }

  channelsFirst(): boolean {
    return this.choice('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first';
  }

  /** The name of the activation; 'linear' where there is none. */
  activation(name = 'activation'): string {
    const value = this.#raw[name] ?? 'linear';
    if (typeof value === 'string') return snake(value);
    if (isRecord(value)) {
      const called = value.class_name ?? value.className;
      const config = value.config;
      if (typeof called === 'string' && (!isRecord(config) || Object.keys(config).length === 0)) return snake(called);
    }
    throw new Uncovered(`${name} is ${describe(value)}, no name of an activation`);
  }
}
