import type { ActivationKind } from '@konv/core-tensor';
import { functionsFor } from './lazy/functions.js';

/** GLSL of an activation behind a kernel: its definition, and how a texel goes through it. */
export function activate(kind: ActivationKind | null): { readonly code: string; call(value: string): string } {
  if (kind === null) return { code: '', call: (value) => value };
  return { code: functionsFor([`f_${kind}`]), call: (value) => `f_${kind}(${value})` };
}
