import { describe } from 'vitest';

/** `describe` that leaves out groups of the conformance suite, by their titles. */
export function without(titles: readonly string[]): (title: string, body: () => void) => void {
  return (title, body) => {
    if (!titles.includes(title)) describe(title, body);
  };
}
