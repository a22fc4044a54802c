import type { ActivationKind } from '@konv/core-tensor';
import { functionsFor } from './lazy/functions.js';

/** GLSL that defines `vec4 activate(vec4 x)`; none is the identity. */
export function activationCode(activation: ActivationKind | null): string {
  const fn = `f_${activation ?? 'id'}`;
  return `${functionsFor([fn])}
vec4 activate(vec4 x) { return ${fn}(x); }`;
}
