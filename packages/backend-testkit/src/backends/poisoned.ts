import type { Backend, BackendBuffer, DType } from '@konv/core-tensor';

/** What stands in fresh memory of each dtype: values that spoil whatever is computed from them. */
export const poison: Readonly<Record<DType, number>> = { bool: 1, int32: -0x5a5a5a, float32: Number.NaN, float64: Number.NaN };

const plumbing = ['free', 'write', 'read', 'readSync', 'sync', 'memory', 'dispose', 'supports', 'supportsConv'] as const;

/**
 * The same backend with poison in every fresh buffer: a kernel that reads what nobody wrote, or leaves out an element
 * of its result, shows it. The name stays, so that errors read the same.
 */
export function poisoned(inner: Backend): Backend {
  const outer: Record<string, unknown> = {
    name: inner.name,
    interfaceVersion: inner.interfaceVersion,
    capabilities: inner.capabilities,
    alloc: (request: Parameters<Backend['alloc']>[0]): BackendBuffer => {
      const buffer = inner.alloc(request);
      const { dtype, size } = buffer;
      if (size > 0) inner.fill(poison[dtype], { buffer, dtype, shape: [size], strides: [1], offset: 0 });
      return buffer;
    },
  };
  const members = [...plumbing, ...kernelNames];
  for (const member of members) {
    const f = (inner as unknown as Record<string, unknown>)[member];
    if (typeof f === 'function') outer[member] = f.bind(inner);
  }
  return outer as unknown as Backend;
}

/** Every kernel family of the interface. */
export const kernelNames = [
  'unary',
  'binary',
  'where',
  'reduce',
  'argReduce',
  'copyStrided',
  'fill',
  'cast',
  'gather',
  'scatterAdd',
  'matmul',
  'scan',
  'sort',
  'resample',
  'conv',
  'convGradInput',
  'convGradWeight',
  'convBackward',
  'pool',
  'poolGrad',
  'linear',
  'softmax',
  'logSoftmax',
  'crossEntropy',
  'batchNormTrain',
  'batchNormGrad',
  'sgdStep',
  'adamStep',
  'random',
] as const satisfies readonly (keyof Backend)[];
