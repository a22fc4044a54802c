import type { DType } from '@konv/core-tensor';

/** What textures hold. There is no float64 on WebGL. */
export type TexelType = 'float32' | 'int32' | 'bool';

export interface Format {
  readonly internal: 'RGBA32F' | 'RGBA32I' | 'RGBA8I';
  readonly bytesPerTexel: number;
  /** How host values go up. */
  readonly upload: { readonly format: 'RGBA' | 'RGBA_INTEGER'; readonly type: 'FLOAT' | 'INT' | 'BYTE' };
  /** How they come down: the pair that every implementation must offer for this format. */
  readonly download: { readonly format: 'RGBA' | 'RGBA_INTEGER'; readonly type: 'FLOAT' | 'INT' };
  /** GLSL: the prefix of samplers, and the types of one value and of a texel. */
  readonly sampler: '' | 'i';
  readonly scalar: 'float' | 'int';
  readonly vector: 'vec4' | 'ivec4';
}

/**
 * Four values to a texel. int32 is a true 32-bit integer, not a float: exact to 2^31 and wrapping. A bool is a signed byte,
 * 0 or 1, which a shader sees as an `int`.
 */
export const formats: Readonly<Record<TexelType, Format>> = {
  float32: {
    internal: 'RGBA32F',
    bytesPerTexel: 16,
    upload: { format: 'RGBA', type: 'FLOAT' },
    download: { format: 'RGBA', type: 'FLOAT' },
    sampler: '',
    scalar: 'float',
    vector: 'vec4',
  },
  int32: {
    internal: 'RGBA32I',
    bytesPerTexel: 16,
    upload: { format: 'RGBA_INTEGER', type: 'INT' },
    download: { format: 'RGBA_INTEGER', type: 'INT' },
    sampler: 'i',
    scalar: 'int',
    vector: 'ivec4',
  },
  bool: {
    internal: 'RGBA8I',
    bytesPerTexel: 4,
    upload: { format: 'RGBA_INTEGER', type: 'BYTE' },
    download: { format: 'RGBA_INTEGER', type: 'INT' },
    sampler: 'i',
    scalar: 'int',
    vector: 'ivec4',
  },
};

/** A dtype of a tensor on this backend: core never allocates another. */
export function texelType(dtype: DType): TexelType {
  return dtype as TexelType;
}
