import { formats, type TexelType } from './formats.js';

export type UniformType =
  | 'int'
  | 'float'
  | 'ivec2'
  | 'ivec3'
  | 'ivec4'
  | `int[${number}]`
  | `ivec2[${number}]`
  | `ivec3[${number}]`
  | `float[${number}]`;
export type UniformValue = number | readonly number[];

/**
 * A fragment program, as its family writes it. One for each kernel and rank: shapes are uniforms, so that a new batch size
 * compiles nothing.
 *
 * `body` defines `void compute(int t)`, run once for each texel `t` of the output, which assigns `out0` (to `out{n-1}`
 * with n `targets`: a layer of the output texture each; or with an `output` of n types: a texture each, see
 * `Engine.drawMany`). For an input `x` it finds
 *
 *     uniform int x_at              offset of the tensor in its buffer, in elements
 *     vec4  x_texel(int t)          texel t of the buffer (ivec4 for int32 and bool)
 *     float x_el(int e)             element e of the buffer: add x_at
 *     vec4  x_four(int e)           elements e to e + 3 of the buffer, at any alignment
 *     vec4  x_texel(int t, int l)   instead of all these, for an input with `layers`: texel t of layer l
 *
 * Fetches outside of the texture give unspecified values, never an error.
 */
export interface Kernel {
  /** The key of the program cache: says everything that the source depends on. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, TexelType | { readonly layers: true; readonly type: TexelType }>>;
  /** The type of the texture written; a list: of several textures of one size. */
  readonly output: TexelType | readonly TexelType[];
  /** Render targets, layers of one texture; default 1. */
  readonly targets?: number;
  readonly uniforms?: Readonly<Record<string, UniformType>>;
  readonly body: string;
}

/** One triangle that covers the viewport. */
export const vertexSource = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

function declareInput(name: string, spec: Kernel['inputs'][string]): string {
  const layers = typeof spec !== 'string';
  const { sampler, scalar, vector } = formats[layers ? spec.type : spec];
  // Rows are found by float arithmetic, exactly (what is converted is a multiple of the row's length, a power of two):
  // renderers in software take longer for a shift than for the fetch itself.
  if (layers) {
    return `uniform highp ${sampler}sampler2DArray ${name};
uniform ivec2 ${name}_mask;
uniform float ${name}_rows;
${vector} ${name}_texel(int t, int l) {
  int c = t & ${name}_mask.x;
  return texelFetch(${name}, ivec3(c, int(float(t - c) * ${name}_rows), l), 0);
}`;
  }
  return `uniform highp ${sampler}sampler2D ${name};
uniform ivec2 ${name}_mask;
uniform float ${name}_rows;
uniform int ${name}_at;
${vector} ${name}_texel(int t) {
  int c = t & ${name}_mask.x;
  return texelFetch(${name}, ivec2(c, int(float(t - c) * ${name}_rows)), 0);
}
${vector} ${name}_texel_of(int e) {
  int c = e & ${name}_mask.y;
  return texelFetch(${name}, ivec2(int(float(c) * 0.25), int(float(e - c) * 0.25 * ${name}_rows)), 0);
}
${scalar} ${name}_el(int e) { return ${name}_texel_of(e)[e & 3]; }
${vector} ${name}_four(int e) {
  ${vector} a = ${name}_texel_of(e);
  int r = e & 3;
  if (r == 0) return a;
  ${vector} b = ${name}_texel_of(e + 4);
  return r == 1 ? ${vector}(a.yzw, b.x) : r == 2 ? ${vector}(a.zw, b.xy) : ${vector}(a.w, b.xyz);
}`;
}

function declareUniform(name: string, type: UniformType): string {
  const array = /^(\w+)(\[\d+\])$/.exec(type);
  return array ? `uniform ${array[1]} ${name}${array[2]};` : `uniform ${type} ${name};`;
}

/** The type of each render target. */
function targetTypes({ output, targets = 1 }: Kernel): readonly TexelType[] {
  return typeof output === 'string' ? new Array<TexelType>(targets).fill(output) : output;
}

export function fragmentSource(kernel: Kernel): string {
  const outs = targetTypes(kernel).map((type, i) => `layout(location = ${i}) out highp ${formats[type].vector} out${i};`);
  return `#version 300 es
// ${kernel.name}
precision highp float;
precision highp int;
${outs.join('\n')}
uniform int out_shift;
${Object.entries(kernel.inputs)
  .map(([name, spec]) => declareInput(name, spec))
  .join('\n')}
${Object.entries(kernel.uniforms ?? {})
  .map(([name, type]) => declareUniform(name, type))
  .join('\n')}
${kernel.body}
void main() {
  compute((int(gl_FragCoord.y) << out_shift) | int(gl_FragCoord.x));
}`;
}
