import { enableGrad, isTensor, type Operand, type Tensor } from '@konv/core-tensor';
import { fork } from './accumulate.js';
import type { RuleContext } from './context.js';
import { grad } from './grad.js';
import type { Node } from './node.js';
import { isSlot } from './slot.js';

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
