import { enableGrad, isTensor, type Operand, Tensor, type Storage } from '@konv/core-tensor';
import type { RuleContext } from './context.js';
import { grad } from './grad.js';
import { Node, slotOf } from './node.js';
import { identityRule } from './rules/identity.js';
import { isSlot } from './slot.js';

/**
 * A handle on the values of `x` with a node of its own, whose gradient goes on to x: so that the same tensor given
 * twice is two inputs.
 */
export function fork(x: Tensor): Tensor {
  const node = new Node({ name: 'alias', decompose: null }, identityRule, null, [slotOf(x)]);
  const t = new Tensor((x.storage as Storage).retain(), x.ref, false);
  t.setNode(node, 0);
  return t;
}

/**
 * The gradients of a fused op as a recorded computation: its decomposition is run again on the saved inputs, and the
 * gradient of that is taken with `createGraph`.
 */
export function secondOrder(c: RuleContext<unknown>, dy: Tensor): (Tensor | null)[] {
  const { node, needs } = c;
  const decompose = node.op.decompose as NonNullable<Node['op']['decompose']>;
  return enableGrad(() => {
    const inputs: Operand[] = node.inputs.map((slot, i) => {
      if (!isSlot(slot)) return slot;
      return needs[i] ? fork(c.input(i)) : c.input(i);
    });
    const made = decompose(inputs, node.attrs);
    const y = isTensor(made) ? made : made[0];
    const wanted = inputs.filter((_, i) => needs[i]) as Tensor[];
    const found = grad([y], wanted, { gradOutputs: [dy], createGraph: true, allowUnused: true, stopAtInputs: true });
    let next = 0;
    return needs.map((need) => (need ? found[next++] : null));
  });
}
