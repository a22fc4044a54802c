/** Numbers of WebGL that the counting has to know; it also runs where there is no WebGL. */
export const GL = {
  NONE: 0,
  SCISSOR_TEST: 0x0c11,
  TEXTURE0: 0x84c0,
  DRAW_FRAMEBUFFER: 0x8ca9,
  FRAMEBUFFER: 0x8d40,
  PIXEL_PACK_BUFFER: 0x88eb,
  PIXEL_UNPACK_BUFFER: 0x88ec,
} as const;

/** Numbers in a texel of data, by the `format` of an upload or a readback. */
const channels: Readonly<Record<number, number>> = {
  6403: 1, // RED
  36244: 1, // RED_INTEGER
  6406: 1, // ALPHA
  6409: 1, // LUMINANCE
  6410: 2, // LUMINANCE_ALPHA
  33319: 2, // RG
  33320: 2, // RG_INTEGER
  6407: 3, // RGB
  36248: 3, // RGB_INTEGER
  6408: 4, // RGBA
  36249: 4, // RGBA_INTEGER
};

/** Bytes of a number, by the `type`. */
const widths: Readonly<Record<number, number>> = {
  5120: 1, // BYTE
  5121: 1, // UNSIGNED_BYTE
  5122: 2, // SHORT
  5123: 2, // UNSIGNED_SHORT
  5124: 4, // INT
  5125: 4, // UNSIGNED_INT
  5126: 4, // FLOAT
  5131: 2, // HALF_FLOAT
};

/** Bytes of a texel, by the internal format. */
const sized: Readonly<Record<number, number>> = {
  33321: 1, // R8
  33329: 1, // R8I
  33330: 1, // R8UI
  33323: 2, // RG8
  32849: 3, // RGB8
  32856: 4, // RGBA8
  36220: 4, // RGBA8UI
  36238: 4, // RGBA8I
  33325: 2, // R16F
  33327: 4, // RG16F
  34842: 8, // RGBA16F
  33326: 4, // R32F
  33328: 8, // RG32F
  34836: 16, // RGBA32F
  33333: 4, // R32I
  33334: 4, // R32UI
  33339: 8, // RG32I
  33340: 8, // RG32UI
  36226: 16, // RGBA32I
  36208: 16, // RGBA32UI
};

/** Bytes of `texels` in this format and type; 0 for formats that no tensor is kept in (compressed, depth). */
export const dataBytes = (texels: number, format: number, type: number): number => texels * (channels[format] ?? 0) * (widths[type] ?? 0);

/** Bytes of `texels` of a texture. `format` and `type`, where they are given, tell of internal formats without a size. */
export const storedBytes = (texels: number, internal: number, format = 0, type = 0): number =>
  internal in sized ? texels * sized[internal] : dataBytes(texels, format, type);
