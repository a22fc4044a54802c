/** A 2-D convolution with square kernels and images. */
export interface ConvShape {
  name: string;
  batch: number;
  inChannels: number;
  size: number;
  outChannels: number;
  kernel: number;
  stride: number;
  padding: number;
  groups: number;
}

export type ConvOp = 'forward' | 'input gradient' | 'weight gradient';
export type ElementwiseName = 'add' | 'mul' | 'relu' | 'sum' | 'exp' | 'tanh' | 'sigmoid';

/** What is measured, told to ours and to peers in the same words. Plain data: it also travels to other processes as JSON. */
export type Task =
  /** c = op(a) op(b), `[size, size]` each; a transposed operand is stored transposed. */
  | { kind: 'gemm'; size: number; transposeA: boolean; transposeB: boolean }
  | { kind: 'conv'; op: ConvOp; shape: ConvShape }
  /** One training step of LeNet-5: forward, cross-entropy, backward, SGD with momentum; `read`: until the loss is on the host. */
  | { kind: 'lenet'; batch: number; read?: boolean }
  /** Forward and backward of one basic block of ResNet-18, to parameters and input: `[batch, channels, size, size]`. */
  | { kind: 'resnet'; batch: number; channels: number; size: number }
  /** One function over `elements` float32 numbers; `sum` reduces them to one. */
  | { kind: 'elementwise'; name: ElementwiseName; elements: number };

const shape = (
  name: string,
  batch: number,
  inChannels: number,
  size: number,
  outChannels: number,
  kernel: number,
  stride = 1,
  padding = 0,
  groups = 1,
): ConvShape => ({ name, batch, inChannels, size, outChannels, kernel, stride, padding, groups });

export const convShapes: readonly ConvShape[] = [
  shape('LeNet conv1', 64, 1, 28, 6, 5, 1, 2),
  shape('LeNet conv2', 64, 6, 14, 16, 5),
  shape('3x3, 64 ch, 56^2', 8, 64, 56, 64, 3, 1, 1),
  shape('3x3, 128 ch, 28^2', 8, 128, 28, 128, 3, 1, 1),
  shape('1x1, 256 to 64', 8, 256, 28, 64, 1),
  shape('3x3 stride 2', 8, 64, 56, 128, 3, 2, 1),
  shape('7x7 stride 2, 224^2', 8, 3, 224, 64, 7, 2, 3),
  shape('depthwise 3x3', 8, 96, 28, 96, 3, 1, 1, 96),
];

/** The shapes with at most `images` images where a pass over more would be large; as they are where it is null. */
export function withImages(shapes: readonly ConvShape[], images: number | null): ConvShape[] {
  return shapes.map((s) => {
    const large = (gigaflop({ kind: 'conv', op: 'forward', shape: s }) ?? 0) >= 0.2;
    return large && images !== null && images < s.batch ? { ...s, batch: images } : s;
  });
}

/** The shapes that Winograd's algorithm can serve. */
export const winogradShapes: readonly ConvShape[] = convShapes.filter((s) => s.kernel === 3 && s.stride === 1 && s.groups === 1);

export const convOps: readonly ConvOp[] = ['forward', 'input gradient', 'weight gradient'];

/** Height and width of a convolution's output. */
export function outSize(s: ConvShape): number {
  return Math.floor((s.size + 2 * s.padding - s.kernel) / s.stride) + 1;
}

export const isDepthwise = (s: ConvShape): boolean => s.groups > 1 && s.groups === s.inChannels && s.groups === s.outChannels;

/** Multiplications and additions of the textbook algorithm, in 10^9; null where bytes, not arithmetic, are the measure. */
export function gigaflop(task: Task): number | null {
  if (task.kind === 'gemm') return (2 * task.size ** 3) / 1e9;
  if (task.kind === 'conv') {
    const s = task.shape;
    return (2 * s.batch * s.outChannels * outSize(s) ** 2 * (s.inChannels / s.groups) * s.kernel ** 2) / 1e9;
  }
  if (task.kind === 'resnet') {
    // Two 3x3 convolutions, each forward and both gradients; batch norms and the rest are not counted.
    return (6 * 2 * task.batch * task.channels ** 2 * 9 * task.size ** 2) / 1e9;
  }
  return null;
}

/** What the task reads and writes at the least, in bytes. */
export function bytesTouched(task: Task & { kind: 'elementwise' }): number {
  const passes = { add: 3, mul: 3, relu: 2, exp: 2, tanh: 2, sigmoid: 2, sum: 1 }[task.name];
  return passes * task.elements * 4;
}

/**
 * The same convolution on one image, for engines that take seconds for what others do in milliseconds. `times` scales
 * the time of one image to that of the batch.
 */
export function oneImage(task: Task): { task: Task; times: number } {
  if (task.kind !== 'conv' || (gigaflop(task) ?? 0) < 0.3) return { task, times: 1 };
  return { task: { ...task, shape: { ...task.shape, batch: 1 } }, times: task.shape.batch };
}
