import { createRequire } from 'node:module';
import { wasmFolder } from './sets.mjs';

const require = createRequire(import.meta.url);

/** `file suite name`, without what TensorFlow.js adds about the environment. */
const nameOf = (fullName) => fullName.replace(' specs {}', '');

/**
 * Runs the specs of a bundle in this process, in their order. Resolves to `{ name, status, messages }` of each, where
 * status is 'passed', 'failed' or 'pending'. Names that occur twice are numbered.
 */
export async function execute(bundle, { backend, filter }) {
  const { jasmine, ...globals } = require('jasmine-core').noGlobals();
  Object.assign(globalThis, globals, { jasmine, konvSpecs: { backend, wasmFolder } });
  const env = jasmine.getEnv();
  env.configure({ random: false, specFilter: (spec) => !filter || filter.test(nameOf(spec.getFullName())) });
  const results = [];
  const seen = new Map();
  env.addReporter({
    specDone({ fullName, status, failedExpectations }) {
      if (status === 'excluded') return;
      const name = nameOf(fullName);
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      results.push({ name: nth > 1 ? `${name} (${nth})` : name, status, messages: failedExpectations.map((e) => e.message) });
    },
  });
  require(bundle);
  await env.execute();
  return results;
}
