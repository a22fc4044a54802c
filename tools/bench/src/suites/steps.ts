import { columns, compare, type Context } from '../compare.js';

/** One step of LeNet-5, as a program takes it. */
export async function lenetSuite(context: Context): Promise<void> {
  const task = { kind: 'lenet', batch: 64 } as const;
  context.heading('lenet', 'a training step of LeNet-5: forward, cross-entropy, backward, SGD with momentum', columns(context, 'lenet'));
  await compare(context, { suite: 'lenet', op: 'training step', shape: 'batch 64', task, ours: context.ours, peers: context.peers });
}

/** Forward and backward of a basic block of ResNet-18. */
export async function resnetSuite(context: Context): Promise<void> {
  const task = { kind: 'resnet', batch: 8, channels: 64, size: 56 } as const;
  context.heading('resnet', 'a basic block of ResNet-18 in training, forward and backward', columns(context, 'resnet'));
  await compare(context, { suite: 'resnet', op: 'fwd + bwd', shape: '8x64x56x56', task, ours: context.ours, peers: context.peers });
}
