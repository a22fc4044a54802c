/** The networks of `tools/golden/twins*.py`, and how each is trained. */
import { nn, optim, type Parameter, type Tensor } from 'konv';
import { soak } from '../../../tools/soak.js';

export interface Twin {
  readonly name: string;
  readonly run: string;
  readonly seed: number;
  readonly batch: number;
  build(): nn.Module;
  loss(y: Tensor, x: Tensor, labels: Tensor): Tensor;
  optimizer(p: Iterable<Parameter>): optim.Optimizer;
  /** Stepped after each step of the optimizer. */
  schedule?(o: optim.Optimizer): { step(): void };
  /** PyTorch's names of the optimizer's state tensors. */
  readonly state: readonly string[];
  /** Steps compared in float64 and in float32, and how close their losses must be. */
  readonly float64: { readonly steps: number; readonly within: number };
  readonly float32: { readonly steps: number; readonly within: number };
  /** How far a parameter may be off after one teacher-forced step. */
  readonly stepWithin: number;
}

function lenet(): nn.Module {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
}

class BasicBlock extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  relu = new nn.ReLU();
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Module;
  constructor(inside: number, outside: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(inside, outside, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(outside);
    this.conv2 = new nn.Conv2d(outside, outside, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(outside);
    this.downsample =
      stride !== 1 || inside !== outside
        ? new nn.Sequential(new nn.Conv2d(inside, outside, 1, { stride, bias: false }), new nn.BatchNorm2d(outside))
        : new nn.Identity();
  }
  override forward(x: Tensor): Tensor {
    const inner = this.relu.forward(this.bn1.forward(this.conv1.forward(x)));
    const y = this.bn2.forward(this.conv2.forward(inner));
    return this.relu.forward(y.add(this.downsample.forward(x) as Tensor));
  }
}

function resnet18(): nn.Module {
  const width = 4;
  const stages = [0, 1, 2, 3].map((i) => {
    const outside = width * 2 ** i;
    const inside = i === 0 ? width : outside / 2;
    return new nn.Sequential(new BasicBlock(inside, outside, i === 0 ? 1 : 2), new BasicBlock(outside, outside, 1));
  });
  return new nn.Sequential(
    new nn.Conv2d(1, width, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(width),
    new nn.ReLU(),
    ...stages,
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(8 * width, 10),
  );
}

function autoencoder(): nn.Module {
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.ConvTranspose2d(16, 8, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    new nn.ReLU(),
    new nn.ConvTranspose2d(8, 1, 4, { stride: 2, padding: 1 }),
  );
}

const crossEntropy = (y: Tensor, _x: Tensor, labels: Tensor): Tensor => nn.functional.crossEntropy(y, labels);

export const twins: readonly Twin[] = [
  {
    name: 'lenet',
    run: 'sgd',
    seed: 42,
    batch: 64,
    build: lenet,
    loss: crossEntropy,
    optimizer: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9 }),
    state: ['momentum_buffer'],
    float64: { steps: soak ? 100 : 20, within: 1e-9 },
    float32: { steps: 20, within: 1e-4 },
    stepWithin: 1e-6,
  },
  {
    name: 'lenet',
    run: 'adam',
    seed: 42,
    batch: 64,
    build: lenet,
    loss: crossEntropy,
    optimizer: (p) => new optim.Adam(p, { lr: 1e-3 }),
    state: ['exp_avg', 'exp_avg_sq'],
    float64: { steps: soak ? 100 : 20, within: 1e-9 },
    float32: { steps: 20, within: 1e-4 },
    // Adam's normalised step is at most lr itself.
    stepWithin: 2e-5,
  },
  {
    name: 'resnet18',
    run: 'sgd',
    seed: 7,
    batch: 16,
    build: resnet18,
    loss: crossEntropy,
    optimizer: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 }),
    schedule: (o) => new optim.CosineAnnealingLR(o, { tMax: 100 }),
    state: ['momentum_buffer'],
    float64: { steps: 20, within: 1e-9 },
    float32: { steps: 3, within: 1e-3 },
    stepWithin: 2e-6,
  },
  {
    name: 'autoencoder',
    run: 'adamw',
    seed: 3,
    batch: 32,
    build: autoencoder,
    loss: (y, x) => nn.functional.binaryCrossEntropyWithLogits(y, x),
    optimizer: (p) => new optim.AdamW(p, { lr: 2e-3, weightDecay: 0.05 }),
    state: ['exp_avg', 'exp_avg_sq'],
    float64: { steps: soak ? 100 : 20, within: 1e-9 },
    float32: { steps: 20, within: 1e-4 },
    stepWithin: 4e-5,
  },
];
