import type { Backend, Family } from '@konv/core-tensor';

const required: ReadonlySet<string> = new Set([
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
]);
const requiredKinds: Readonly<Record<string, readonly string[]>> = {
  unary: ['exp', 'log', 'sqrt', 'tanh', 'floor'],
  binary: ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'eq', 'lt'],
  reduce: ['sum', 'max'],
};
const plumbing: ReadonlySet<string> = new Set(['alloc', 'free', 'write', 'read', 'readSync', 'sync', 'memory', 'dispose']);

/** The same backend with every optional kernel and kind hidden: all of them run through their decompositions. */
export function withoutOptional(inner: Backend, name = `${inner.name}, decomposed`): Backend {
  const outer: Record<string, unknown> = {
    name,
    interfaceVersion: inner.interfaceVersion,
    capabilities: inner.capabilities,
    supports: (family: Family, kind: string | null, dtype: Parameters<Backend['supports']>[2]) =>
      required.has(family) && (requiredKinds[family]?.includes(kind ?? '') ?? true) && inner.supports(family, kind, dtype),
  };
  for (const member of [...required, ...plumbing]) {
    const f = (inner as unknown as Record<string, unknown>)[member];
    if (typeof f === 'function') outer[member] = f.bind(inner);
  }
  return outer as unknown as Backend;
}
