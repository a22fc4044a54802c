import { reshape, sameShape, type Shape, sum, type Tensor } from '@konv/core-tensor';

/**
 * The adjoint of broadcasting: `dy` summed over the axes along which an operand of `shape` was stretched, so that each
 * element gets the gradients of all its copies.
 */
export function sumTo(dy: Tensor, shape: Shape): Tensor {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.rank - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < dy.rank; i++) if (i < lead || (shape[i - lead] === 1 && dy.shape[i] !== 1)) axes.push(i);
  return reshape(axes.length > 0 ? sum(dy, axes, true) : dy, shape);
}
