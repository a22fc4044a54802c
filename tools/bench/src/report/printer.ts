import type { Row } from './rows.js';
import { headingLines, rowLine } from './table.js';

/** Writes the tables as they come into being, and keeps their rows. */
export class Printer {
  readonly rows: Row[] = [];
  private columns: readonly string[] = [];
  private readonly failures = new Set<string>();

  constructor(readonly say: (line: string) => void) {}

  readonly heading = (suite: string, about: string, columns: readonly string[]): void => {
    this.columns = columns;
    for (const line of headingLines(suite, about, columns)) this.say(line);
  };

  readonly report = (row: Row): void => {
    this.rows.push(row);
    this.say(rowLine(row, this.columns));
  };

  /** Each reason once. */
  readonly failure = (name: string, why: string): void => {
    const line = `${name} failed: ${why}`;
    if (!this.failures.has(line)) this.say(line);
    this.failures.add(line);
  };
}
