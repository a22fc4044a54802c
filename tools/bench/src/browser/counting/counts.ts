/** What a program has asked of WebGL since it was last asked. Sums, but for `textureBytes`. */
export interface Counts {
  /** Calls of any kind. */
  calls: number;
  /** drawArrays, drawElements, and their instanced and ranged forms. */
  draws: number;
  /** Texels that the draws may write: viewport (within the scissor, where it is on) times active draw buffers. */
  texels: number;
  /** Clears of a framebuffer, which write as well; their texels are not in `texels`. */
  clears: number;
  /** linkProgram: each is a shader that the driver compiles. */
  programs: number;
  /** texImage and texSubImage with data. */
  uploads: number;
  uploadBytes: number;
  /** bufferData and bufferSubData with data: vertices, uniforms, texels on their way. */
  bufferWrites: number;
  bufferWriteBytes: number;
  /** What came to the host: readPixels into memory, or getBufferSubData. */
  readbacks: number;
  readbackBytes: number;
  /** Textures that live, in bytes. */
  textureBytes: number;
}

export type Counted = keyof Counts;

export const noCounts = (): Counts => ({
  calls: 0,
  draws: 0,
  texels: 0,
  clears: 0,
  programs: 0,
  uploads: 0,
  uploadBytes: 0,
  bufferWrites: 0,
  bufferWriteBytes: 0,
  readbacks: 0,
  readbackBytes: 0,
  textureBytes: 0,
});

/** What happened between two moments; of `textureBytes`, what there is at the later one. */
export function between(before: Counts, after: Counts): Counts {
  const out = { ...after };
  for (const key of Object.keys(out) as Counted[]) if (key !== 'textureBytes') out[key] -= before[key];
  return out;
}
