import '@konv/autograd';
import { type Backend, getBackend, manualSeed, rand, randint, scope, type Tensor, zeros } from '@konv/core-tensor';
import { nn, optim, Trainer } from 'konv';
import { type ConvShape, convShapes, geometry, gigaflop, outSize } from './shapes.js';
import { tfjsConv, tfjsLeNetStep, type ConvOp } from './tfjs.js';
import { type Row, time } from './timing.js';

export type Report = (row: Row) => void;
export interface SuiteOptions {
  backend: string;
  /** Measure the peers too. */
  peers: boolean;
}

/** The peer takes seconds for what we do in milliseconds: it gets one image of the large shapes, and time a image is compared. */
function peerShape(s: ConvShape): ConvShape {
  return gigaflop(s) > 0.3 ? { ...s, batch: 1 } : s;
}

const convOps: readonly ConvOp[] = ['forward', 'input gradient', 'weight gradient'];

function convRun(backend: Backend, s: ConvShape, op: ConvOp): () => void {
  const g = geometry(s);
  const out = outSize(s);
  const x = rand([s.batch, s.inChannels, 1, s.size, s.size]).sub(0.5);
  const w = rand([s.outChannels, s.inChannels / s.groups, 1, s.kernel, s.kernel]).sub(0.5);
  const y = rand([s.batch, s.outChannels, 1, out, out]).sub(0.5);
  const need = <T>(kernel: T | undefined): T => {
    if (!kernel) throw new Error(`${backend.name} has no kernel for ${op}`);
    return kernel;
  };
  const conv = need(backend.conv).bind(backend);
  const gradInput = need(backend.convGradInput).bind(backend);
  const gradWeight = need(backend.convGradWeight).bind(backend);
  const dx = zeros(x.shape);
  const dw = zeros(w.shape);
  if (op === 'forward') return () => conv(x.ref, w.ref, null, g, null, y.ref);
  if (op === 'input gradient') return () => gradInput(y.ref, w.ref, g, dx.ref);
  return () => gradWeight(x.ref, y.ref, g, false, dw.ref);
}

/** Convolution kernels, forward and both gradients. */
export async function convSuite(report: Report, { backend, peers }: SuiteOptions): Promise<void> {
  const b = getBackend(backend);
  for (const s of convShapes) {
    for (const op of convOps) {
      const ms = scope(() => time(convRun(b, s, op)));
      const small = peerShape(s);
      const peer = peers ? await tfjsConv(small, op) : null;
      const peerMs = peer ? time(peer, 300, 1) : null;
      const perImage = peerMs === null ? null : (peerMs / small.batch) * s.batch;
      report({
        suite: 'conv',
        op,
        shape: s.name,
        backend,
        ms,
        gflops: (gigaflop(s) / ms) * 1e3,
        peer: peer ? 'tfjs-cpu' : null,
        peerMs: perImage,
        ratio: perImage === null ? null : perImage / ms,
        note: peer && small.batch !== s.batch ? `peer at batch ${small.batch}, times ${s.batch}` : '',
      });
    }
  }
}

function leNet(): nn.Sequential {
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

/** One step of LeNet-5 by the trainer: forward, loss, backward, SGD with momentum. */
export async function lenetSuite(report: Report, { backend, peers }: SuiteOptions): Promise<void> {
  manualSeed(0);
  const batch = 64;
  const model = leNet();
  const trainer = new Trainer({
    model,
    loss: new nn.CrossEntropyLoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  });
  const x = rand([batch, 1, 28, 28]);
  const t = randint(0, 10, [batch]);
  const ms = time(
    () => {
      for (const value of trainer.trainStep(x, t)) value.dispose();
    },
    3000,
    10,
  );
  const peer = peers ? await tfjsLeNetStep(batch) : null;
  const peerMs = peer ? time(peer, 300, 1) : null;
  report({
    suite: 'lenet',
    op: 'training step',
    shape: `batch ${batch}`,
    backend,
    ms,
    gflops: null,
    peer: peer ? 'tfjs-cpu' : null,
    peerMs,
    ratio: peerMs === null ? null : peerMs / ms,
    note: `${Math.round((batch / ms) * 1000)} images/s`,
  });
}

/** What an op costs beside its kernel: chains of additions of four numbers. */
export async function dispatchSuite(report: Report, { backend }: SuiteOptions): Promise<void> {
  const ops = 1000;
  const chain = (start: Tensor, one: Tensor): Tensor => {
    let y = start;
    for (let i = 0; i < ops; i++) y = y.add(one);
    return y;
  };
  const one = rand([4]);
  const leaf = rand([4], { requiresGrad: true });
  const cases: [string, () => void][] = [
    ['dispatch', () => scope(() => void chain(one, one))],
    ['dispatch + tape', () => scope(() => void chain(leaf, one))],
    ['dispatch + tape + backward', () => scope(() => chain(leaf, one).sum().backward())],
  ];
  for (const [op, run] of cases) {
    const ms = time(run, 1000, 20);
    report({
      suite: 'dispatch',
      op,
      shape: '[4]',
      backend,
      ms,
      gflops: null,
      peer: null,
      peerMs: null,
      ratio: null,
      note: `${((ms / ops) * 1000).toFixed(2)} us an op`,
    });
  }
}
