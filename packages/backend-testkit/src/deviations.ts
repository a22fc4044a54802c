/**
 * Where konv differs from PyTorch on purpose, with the reason. Whatever is not listed here must agree.
 */
export interface Deviation {
  readonly op: string;
  /** The fixture's name. */
  readonly name: string;
  readonly reason: string;
  /**
   * What konv does instead. `skip`: the case says nothing about konv. `error`: it refuses what PyTorch computes.
   * `result`: it computes what PyTorch refuses. `error or NaN`, `error or result`: an error where values can be read at
   * once, else NaN or a result. `result or error`: PyTorch's result where values can be read at once, else an error.
   */
  readonly instead: 'skip' | 'error' | 'result' | 'error or NaN' | 'error or result' | 'result or error';
}

export const deviations: readonly Deviation[] = [
  {
    op: 'conv2d',
    name: 'dtypes differ',
    reason: 'operands are promoted as everywhere else in konv: float32 with float64 computes in float64',
    instead: 'result',
  },
  {
    op: 'maxPool2d',
    name: 'two nans a window',
    reason: 'to which of several NaN in a window the index points is left to the backend; PyTorch takes the last',
    instead: 'skip',
  },
  {
    op: 'mseLoss',
    name: 'defaults, broadcast',
    reason: 'shapes that differ are refused: PyTorch broadcasts them, but warns that this is likely a mistake',
    instead: 'error',
  },
  ...[
    ['gather', 'index out of range'],
    ['embedding', 'index too large'],
    ['embedding', 'index negative'],
    ['nn.Embedding', 'index too large'],
    ['nn.Embedding', 'index negative'],
    ['indexSelect', 'index out of range'],
    ['crossEntropy', 'target too large'],
    ['crossEntropy', 'target negative'],
    ['nllLoss', 'target too large'],
    ['binaryCrossEntropy', 'above 1'],
    ['binaryCrossEntropy', 'below 0'],
  ].map(([op, name]) => ({
    op,
    name,
    reason: 'values are checked where they can be read at once; elsewhere a wrong one poisons the result',
    instead: 'error or NaN' as const,
  })),
  ...[1, 2, 3].map((rank) => ({
    op: `maxUnpool${rank}d`,
    name: 'index beyond the result',
    reason: 'values are checked where they can be read at once; elsewhere what belongs nowhere is not added',
    instead: 'error or result' as const,
  })),
  ...[
    ...['matrix', 'mask broadcasts', 'input broadcasts', 'nothing', 'int32'].map((name) => ['maskedSelect', name]),
    ['oneHot', 'counted'],
  ].map(([op, name]) => ({
    op,
    name,
    reason: "the result's size depends on values, which must be read at once",
    instead: 'result or error' as const,
  })),
  ...['too large', 'negative'].map((name) => ({
    op: 'oneHot',
    name,
    reason: 'values are checked where they can be read at once; elsewhere a class out of range is no class',
    instead: 'error or result' as const,
  })),
  {
    op: 'scatterAdd',
    name: 'index out of range',
    reason: 'values are checked where they can be read at once; elsewhere what belongs nowhere is not added',
    instead: 'error or result',
  },
];

/** Options that kernels do not have, as the fixtures tag them. */
export const unsupportedTags: Readonly<Record<string, string>> = {
  amsgrad: 'the kernel of Adam has no AMSGrad variant; the optimizer composes it of other ops',
};

export function deviationOf(op: string, name: string): Deviation | undefined {
  return deviations.find((d) => d.op === op && d.name === name);
}
