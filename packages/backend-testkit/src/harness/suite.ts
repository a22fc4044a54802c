import { abi, scope } from '@konv/core-tensor';
import { fail } from './assert.js';
import { expectMemory, type Lab } from './lab.js';

export type TestBody = () => void | Promise<void>;

/** `describe` and `it` of vitest, jest, mocha, or anything like them. */
export interface TestFramework {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: ((title: string, body: TestBody) => unknown) & { readonly skip?: unknown };
}

/** Tests that the backend cannot pass, and why. */
export interface Skip {
  readonly reason: string;
  /** A string is a test's whole title, with or without its groups (`fixtures > unary > relu`); a RegExp searches that path. */
  readonly tests: readonly (string | RegExp)[];
}

function matches(pattern: string | RegExp, path: string, title: string): boolean {
  return typeof pattern === 'string' ? pattern === title || pattern === path : path.search(pattern) >= 0;
}

/**
 * Defines tests through the framework. Each runs in a scope of its own with the backend under test as the current one,
 * and must leave memory as it found it.
 */
export class Suite {
  readonly #framework: TestFramework;
  readonly #skips: readonly Skip[];
  readonly #used = new Set<string | RegExp>();
  readonly #groups: string[] = [];
  readonly lab: Lab;

  constructor(framework: TestFramework, lab: Lab, skips: readonly Skip[]) {
    this.#framework = framework;
    this.#skips = skips;
    this.lab = lab;
  }

  describe(title: string, body: () => void): void {
    this.#framework.describe(title, () => {
      this.#groups.push(title);
      try {
        body();
      } finally {
        this.#groups.pop();
      }
    });
  }

  it(title: string, body: TestBody): void {
    const reason = this.#skipReason(title);
    if (reason === null) this.#framework.it(title, () => this.#run(body));
    else this.skipped(title, reason);
  }

  /** A test that does not run, and says why. */
  skipped(title: string, reason: string): void {
    const { it } = this.#framework;
    const skip = typeof it.skip === 'function' ? (it.skip as (title: string, body: TestBody) => unknown) : it;
    skip(`${title} (skipped: ${reason})`, () => {});
  }

  #skipReason(title: string): string | null {
    const path = [...this.#groups, title].join(' > ');
    let reason: string | null = null;
    for (const skip of this.#skips) {
      for (const pattern of skip.tests) {
        if (!matches(pattern, path, title)) continue;
        this.#used.add(pattern);
        reason ??= skip.reason;
      }
    }
    return reason;
  }

  /** A failing test for every skip that names no test: it would hide nothing now, and something later. */
  checkSkips(): void {
    for (const { reason, tests } of this.#skips) {
      for (const pattern of tests) {
        if (this.#used.has(pattern)) continue;
        this.#framework.it(`the skip ${String(pattern)} (${reason}) names a test`, () => {
          fail(`expected a test named ${String(pattern)}, got none; remove the skip, or correct the name`);
        });
      }
    }
  }

  async #run(body: TestBody): Promise<void> {
    const { lab } = this;
    const before = abi.current;
    lab.install();
    const start = lab.memory();
    const around = scope();
    try {
      await body();
    } finally {
      around.dispose();
      abi.current = before;
    }
    expectMemory('at the end of the test', start, lab.memory());
  }
}
