import { NOTHING, type Rule } from '../rule.js';

/** y = x, dx = dy: a second handle on the same values. */
export const identityRule: Rule<null> = { name: 'AliasBackward0', saves: [NOTHING], each: [(_, dy) => dy] };
