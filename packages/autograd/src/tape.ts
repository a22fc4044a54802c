import { isFloat, type Op, type Operand, type Tensor } from '@konv/core-tensor';
import { Node, type NodeInput, slotOf } from './node.js';
import type { Rule } from './rule.js';
import { rules } from './rules/table.js';
import { isSlot, Slot } from './slot.js';

/** `Tracer.record`: links the op to where its operands came from and saves the inputs that its gradient needs. */
export function record(op: Op, operands: readonly Operand[], attrs: unknown): Node {
  const rule = (rules as Record<string, Rule>)[op.name];
  const n = operands.length;
  const inputs = new Array<NodeInput>(n);
  const { saves } = rule;
  let wanted = 0;
  for (let i = 0; i < n; i++) {
    const x = operands[i];
    if (x === null || typeof x === 'number') {
      inputs[i] = x;
      continue;
    }
    const slot = slotOf(x);
    inputs[i] = slot;
    if (saves !== undefined && slot.linked) wanted |= saves[i];
  }
  // A decomposition that is run again needs every input.
  if (rule.fused === true) wanted = -1;
  if (wanted !== 0) {
    for (let i = 0; i < n; i++) {
      const slot = inputs[i];
      if ((wanted & (1 << i)) !== 0 && isSlot(slot)) slot.save(operands[i] as Tensor);
    }
  }
  return new Node(op, rule, attrs, inputs);
}

/** `Tracer.finish`: makes the outputs refer to the node and saves those that its gradient needs. */
export function finish(node: Node, outputs: readonly Tensor[]): void {
  const { rule } = node;
  const differentiable = rule.outputs ?? 1;
  for (let j = 0; j < outputs.length && j < differentiable; j++) {
    // A float cast to int32 carries no gradient.
    if (isFloat(outputs[j].dtype)) outputs[j].setNode(node, j);
  }
  if (node.handles === 0) node.release();
  else if (rule.savesOutputs !== undefined) saveOutputs(node, rule, outputs);
}

function saveOutputs(node: Node, rule: Rule, outputs: readonly Tensor[]): void {
  if (rule.savesOutputsIf !== undefined && !rule.savesOutputsIf(node.attrs)) return;
  const masks = rule.savesOutputs as readonly number[];
  let wanted = 0;
  for (let i = 0; i < node.inputs.length; i++) {
    const slot = node.inputs[i];
    if (isSlot(slot) && slot.linked) wanted |= masks[i];
  }
  if (wanted === 0) return;
  const kept = new Array<Slot | null>(outputs.length).fill(null);
  for (let j = 0; j < outputs.length; j++) {
    if ((wanted & (1 << j)) === 0) continue;
    kept[j] = outputSlot(node, outputs[j], j);
  }
  node.kept = kept;
}

/** A slot of the node's own output: it links back to the node without holding it. */
export function outputSlot(node: Node, y: Tensor, index: number): Slot {
  const slot = new Slot(y, y.node === node ? node : null, index);
  slot.save(y);
  return slot;
}
