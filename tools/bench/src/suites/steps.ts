import { columns, compare, type Context } from '../compare.js';

const lenet = { suite: 'lenet', op: 'training step', shape: 'batch 64', task: { kind: 'lenet', batch: 64 } } as const;

/** One step of LeNet-5, as a program takes it. */
export async function lenetSuite(context: Context): Promise<void> {
  context.heading('lenet', 'a training step of LeNet-5: forward, cross-entropy, backward, SGD with momentum', columns(context, 'lenet'));
  await compare(context, { ...lenet, ours: context.ours, peers: context.peers });
}

/** The same until the loss is on the host, by each one's own asynchronous reading. Where a queue is done is another matter. */
export async function lenetReadSuite(context: Context): Promise<void> {
  const task = { ...lenet.task, read: true };
  await compare(context, { ...lenet, op: 'step, loss read', task, ours: context.ours, peers: context.peers });
}

/** Forward and backward of a basic block of ResNet-18. */
export async function resnetSuite(context: Context): Promise<void> {
  const task = { kind: 'resnet', batch: 8, channels: 64, size: 56 } as const;
  context.heading('resnet', 'a basic block of ResNet-18 in training, forward and backward', columns(context, 'resnet'));
  await compare(context, { suite: 'resnet', op: 'fwd + bwd', shape: '8x64x56x56', task, ours: context.ours, peers: context.peers });
}
