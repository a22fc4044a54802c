import { isKonvError, Scope, useBackend } from '@konv/core-tensor';
import { assertEqual, fail } from '../harness/assert.js';
import { expectMemory } from '../harness/lab.js';
import type { Suite } from '../harness/suite.js';
import type { nn } from '../harness/nn.js';
import { mistakes } from '../mistakes/all.js';
import type { Own } from '../mistakes/types.js';

/** What users do wrong most often: one and the same message on every backend, and nothing left behind. */
export function mistakeTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('mistakes', () => {
    for (const mistake of mistakes) {
      if (mistake.readsValues && !lab.syncRead) continue;
      for (const backend of lab.modes) {
        suite.it(backend === lab.native ? mistake.title : `${mistake.title}, decomposed`, () => {
          const before = lab.memory();
          const scope = new Scope(mistake.title);
          const owned: nn.Module[] = [];
          const own: Own = (module) => {
            owned.push(module);
            return module;
          };
          useBackend(backend.name);
          try {
            assertEqual(
              'message',
              messageOf(() => scope.run(() => mistake.run(own))),
              mistake.message,
            );
          } finally {
            useBackend(lab.name);
            for (const module of owned) {
              module.zeroGrad();
              module.dispose();
            }
            scope.dispose();
          }
          expectMemory('afterwards', before, lab.memory());
        });
      }
    }
  });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (e) {
    if (!isKonvError(e)) throw e;
    return e.message;
  }
  return fail('expected an error, got none');
}
