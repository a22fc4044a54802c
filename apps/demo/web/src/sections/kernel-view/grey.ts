import type { Values } from '../../model/protocol.js';

/** Sides of pictures are at most this. */
export const MOST = 64;

/** Sides of a picture shrunk, if need be, so that none is longer than `most`; its proportions stay, no side is below 1. */
export function fitted(width: number, height: number, most = MOST): readonly [width: number, height: number] {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** Luma (0.299 R + 0.587 G + 0.114 B, 0 ... 1) of bytes as a canvas gives them, on white where it is transparent. */
export function greyOf(rgba: Uint8ClampedArray, width: number, height: number): Values {
  const data = Float32Array.from({ length: width * height }, (_, i) => {
    const [r, g, b, a] = rgba.subarray(i * 4, i * 4 + 4);
    const luma = (0.299 * r + 0.587 * g + 0.114 * b) / 255;
    return luma * (a / 255) + 1 - a / 255;
  });
  return { shape: [height, width], data };
}

/** From black to white, left above to right below. */
export function gradient(side = 16): Values {
  const data = Float32Array.from({ length: side * side }, (_, i) => ((i % side) + Math.floor(i / side)) / (2 * side - 2));
  return { shape: [side, side], data };
}
