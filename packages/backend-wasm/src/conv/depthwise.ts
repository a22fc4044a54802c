import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { grainOf } from '../grain.js';
import { addressOf, optionalAddress } from '../operand.js';
import { isFlat } from './direct.js';

/** Each output channel looks at one input channel, along two axes or one. */
export function isDepthwise(g: ConvGeometry): boolean {
  const padded = g.padLow[1] >= 0 && g.padLow[2] >= 0;
  return isFlat(g) && padded && g.groups > 1 && g.groups === g.inChannels;
}

/** The fields of assembly/conv/depthwise-plan.ts, in its order. */
interface Plan {
  readonly channels: number;
  readonly sources: number;
  readonly targets: number;
  readonly sourceH: number;
  readonly sourceW: number;
  readonly copyH: number;
  readonly copyW: number;
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly split: number;
  readonly segment: number;
  readonly step: number;
  readonly outH: number;
  readonly outW: number;
  readonly phasesH: number;
  readonly phasesW: number;
  readonly taps: number;
  readonly weightSize: number;
  readonly threeByThree: number;
}

/** Multiply-adds that a thread takes at a time. */
const WORK = 200_000;

interface Tap {
  /** Bytes from the start of the copied planes, for the first output of the tap's phase. */
  readonly offset: number;
  /** In the weight of the item's channel. */
  readonly position: number;
}

/** A plan as the kernels take it, with what its work needs. */
interface Laid {
  readonly words: Int32Array;
  readonly taps: number;
  /** Bytes of scratch. */
  readonly scratch: number;
  /** Multiply-adds of an item of `depthwise`. */
  readonly work: number;
}

/** Copies `plan` and its phases' taps into the words that a kernel reads. */
function laid(plan: Plan, phases: readonly (readonly Tap[])[]): Laid {
  const starts = [0];
  for (const taps of phases) starts.push(starts[starts.length - 1] + taps.length);
  const all = phases.flat();
  const words = [...Object.values(plan), ...starts, ...all.map((t) => t.offset), ...all.map((t) => t.position)];
  const copies = plan.sources * plan.rows * plan.split * plan.segment;
  return {
    words: Int32Array.from(words),
    taps: plan.taps,
    scratch: 512 + 12 * (plan.taps + 9) + 4 * (3 * plan.outW + 40 * plan.phasesW + copies + 2 * plan.step * plan.split * plan.segment),
    work: (plan.outH * plan.outW * plan.taps * plan.targets) / (plan.phasesH * plan.phasesW) + copies,
  };
}

const vectors = (columns: number): number => Math.ceil(columns / 4) * 4;

function layForward(g: ConvGeometry): Laid {
  const [, kernelH, kernelW] = g.kernel;
  const [, strideH, strideW] = g.stride;
  const [, dilationH, dilationW] = g.dilation;
  const [, outH, outW] = g.outSize;
  const rows = (outH - 1) * strideH + (kernelH - 1) * dilationH + 1;
  const columns = (outW - 1) * strideW + (kernelW - 1) * dilationW + 1;
  const segment = vectors(Math.ceil(columns / strideW));
  const taps: Tap[] = [];
  for (let y = 0; y < kernelH; y++)
    for (let x = 0; x < kernelW; x++) {
      const column = x * dilationW;
      const at = (y * dilationH * strideW + (column % strideW)) * segment + Math.floor(column / strideW);
      taps.push({ offset: 4 * at, position: taps.length });
    }
  const plan = {
    channels: g.inChannels,
    sources: 1,
    targets: g.outChannels / g.inChannels,
    sourceH: g.inSize[1],
    sourceW: g.inSize[2],
    copyH: Math.max(0, Math.min(g.inSize[1], rows - g.padLow[1])),
    copyW: Math.max(0, Math.min(g.inSize[2], columns - g.padLow[2])),
    top: g.padLow[1],
    left: g.padLow[2],
    rows,
    split: strideW,
    segment,
    step: strideH,
    outH,
    outW,
    phasesH: 1,
    phasesW: 1,
    taps: taps.length,
    weightSize: taps.length,
    threeByThree: Number(kernelH === 3 && kernelW === 3 && strideH === dilationH),
  };
  return laid(plan, [taps]);
}

/** An axis of the input gradient: of each phase, the kernel's positions that meet it, and where in dy the first output's is. */
function phasesOf(g: ConvGeometry, axis: 1 | 2): { position: number; first: number }[][] {
  return Array.from({ length: g.stride[axis] }, (_, phase) => {
    const met: { position: number; first: number }[] = [];
    for (let position = 0; position < g.kernel[axis]; position++) {
      const first = (phase + g.padLow[axis] - position * g.dilation[axis]) / g.stride[axis];
      if (Number.isInteger(first)) met.push({ position, first });
    }
    return met;
  });
}

function layGradInput(g: ConvGeometry): Laid {
  const multiples = g.outChannels / g.inChannels;
  const [, kernelH, kernelW] = g.kernel;
  /** Zeros before dy, and the elements of dy that meet any input. */
  const along = (axis: 1 | 2) => ({
    before: Math.max(0, Math.ceil(((g.kernel[axis] - 1) * g.dilation[axis] - g.padLow[axis]) / g.stride[axis])),
    met: Math.floor((g.inSize[axis] - 1 + g.padLow[axis]) / g.stride[axis]) + 1,
  });
  const [h, w] = [along(1), along(2)];
  const segment = vectors(w.before + w.met);
  const rows = h.before + h.met;
  const weightSize = kernelH * kernelW;
  const phases = phasesOf(g, 1).flatMap((vertical) =>
    phasesOf(g, 2).map((horizontal) => {
      const taps: Tap[] = [];
      for (let source = 0; source < multiples; source++)
        for (const y of vertical)
          for (const x of horizontal) {
            const at = (source * rows + y.first + h.before) * segment + x.first + w.before;
            taps.push({ offset: 4 * at, position: source * weightSize + y.position * kernelW + x.position });
          }
      // In the order of memory, which is the order of a forward pass.
      return taps.sort((a, b) => a.offset - b.offset);
    }),
  );
  const [, strideH, strideW] = g.stride;
  const plan = {
    channels: g.inChannels,
    sources: multiples,
    targets: 1,
    sourceH: g.outSize[1],
    sourceW: g.outSize[2],
    copyH: Math.min(g.outSize[1], h.met),
    copyW: Math.min(g.outSize[2], w.met),
    top: h.before,
    left: w.before,
    rows,
    split: 1,
    segment,
    step: 1,
    outH: g.inSize[1],
    outW: g.inSize[2],
    phasesH: strideH,
    phasesW: strideW,
    taps: multiples * weightSize,
    weightSize,
    threeByThree: Number(kernelH === 3 && kernelW === 3 && strideH * strideW * multiples * g.dilation[1] === 1),
  };
  return laid(plan, phases);
}

/** Remembers what `lay` makes of a geometry. */
function remembered(lay: (g: ConvGeometry) => Laid): (g: ConvGeometry) => Laid {
  const known = new WeakMap<ConvGeometry, Laid>();
  return (g) => {
    let value = known.get(g);
    if (!value) known.set(g, (value = lay(g)));
    return value;
  };
}

const forwardOf = remembered(layForward);
const gradInputOf = remembered(layGradInput);

/** Runs `use` with a plan's words on the heap. */
function withWords(engine: Engine, words: Int32Array, use: (address: number) => void): void {
  engine.temporary(words.byteLength, (address) => {
    engine.heap.i32.set(words, address / 4);
    use(address);
  });
}

/** y of a geometry that `isDepthwise`, then max(0, ·) where `relu`. */
export function depthwiseForward(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const { words, scratch, work } = forwardOf(g);
  withWords(engine, words, (plan) =>
    engine.run('depthwise', [addressOf(x), addressOf(weight), optionalAddress(bias), addressOf(out), plan, Number(activation === 'relu')], {
      items: g.batch * g.inChannels,
      grain: grainOf(work, WORK),
      scratch,
    }),
  );
}

/** dx of a geometry that `isDepthwise`: the forward pass of dy, phase by phase of the stride. */
export function depthwiseGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const { words, scratch, work } = gradInputOf(g);
  withWords(engine, words, (plan) =>
    engine.run('depthwise', [addressOf(dy), addressOf(weight), 0, addressOf(out), plan, 0], {
      items: g.batch * g.inChannels,
      grain: grainOf(work, WORK),
      scratch,
    }),
  );
}

/** dw of a geometry that `isDepthwise`. */
export function depthwiseGradWeight(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  const { words, scratch, work } = forwardOf(g);
  withWords(engine, words, (plan) =>
    engine.run('depthwise_weight', [addressOf(x), addressOf(dy), addressOf(out), plan, g.batch, Number(accumulate)], {
      items: g.outChannels,
      grain: grainOf(work * g.batch, WORK),
      scratch,
    }),
  );
}
