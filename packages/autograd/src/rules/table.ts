import type { RuleTable } from '../rule.js';
import { convRules } from './conv.js';
import { binaryRules, unaryRules } from './elementwise.js';
import { fusedRules } from './fused.js';
import { indexingRules } from './indexing.js';
import { linearAlgebraRules } from './linear-algebra.js';
import { movementRules } from './movement.js';
import { poolRules } from './pool.js';
import { reduceRules } from './reduce.js';

/** The gradient of every differentiable op. An op of core's catalogue without a row here does not compile. */
export const rules: RuleTable = {
  ...unaryRules,
  ...binaryRules,
  ...reduceRules,
  ...movementRules,
  ...indexingRules,
  ...linearAlgebraRules,
  ...convRules,
  ...poolRules,
  ...fusedRules,
};
