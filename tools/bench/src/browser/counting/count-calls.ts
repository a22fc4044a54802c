import { ContextState, type ContextLike } from './context-state.js';
import { type Counts, noCounts } from './counts.js';
import { dataBytes, GL, storedBytes } from './formats.js';

type Arguments = readonly unknown[];
type Handler = (counts: Counts, state: ContextState, args: Arguments) => void;

const n = (args: Arguments, i: number): number => Number(args[i] ?? 0);
const byteLength = (data: unknown): number | null =>
  ArrayBuffer.isView(data) || data instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && data instanceof SharedArrayBuffer)
    ? data.byteLength
    : null;
/** Width and height of an image, a canvas, a video, ...; null for what is none. */
const imageSize = (source: unknown): [number, number] | null => {
  const { width, height } = (source ?? {}) as { width?: unknown; height?: unknown };
  return typeof source === 'object' && typeof width === 'number' && typeof height === 'number' ? [width, height] : null;
};

const draw: Handler = (counts, state) => {
  counts.draws++;
  counts.texels += state.texelsOfDraw();
};
/** Of no known size: a clear fills its framebuffer, whatever the viewport. */
const clear: Handler = (counts) => {
  counts.clears++;
};

/** `source` are texels: from the host, from an image, or (a number) from the buffer bound for that. Null: there are none. */
function upload(counts: Counts, source: unknown, bytes: number): void {
  if (source === null || source === undefined) return;
  counts.uploads++;
  counts.uploadBytes += bytes;
}

/** texImage2D and texImage3D: `sizes` of the arguments from the fourth on are extents. The short form takes an image. */
const texImage =
  (sizes: 2 | 3): Handler =>
  (counts, state, args) => {
    const [target, level, internal] = [n(args, 0), n(args, 1), n(args, 2)];
    const short = args.length === 6 && sizes === 2;
    const source = short ? args[5] : args[sizes + 6];
    const [format, type] = short ? [n(args, 3), n(args, 4)] : [n(args, sizes + 4), n(args, sizes + 5)];
    const extents = short ? (imageSize(source) ?? [0, 0]) : Array.from({ length: sizes }, (_, i) => n(args, 3 + i));
    const texels = extents.reduce((a, b) => a * b, 1);
    counts.textureBytes += state.allocate(target, level, storedBytes(texels, internal, format, type));
    upload(counts, source, dataBytes(texels, format, type));
  };

/** texSubImage2D and texSubImage3D: target, level, offsets, extents, format, type, source. */
const texSubImage =
  (sizes: 2 | 3): Handler =>
  (counts, _, args) => {
    const short = args.length === 7 && sizes === 2;
    const source = short ? args[6] : args[2 + 2 * sizes + 2];
    const at = short ? 4 : 2 + 2 * sizes;
    const extents = short ? (imageSize(source) ?? [0, 0]) : Array.from({ length: sizes }, (_unused, i) => n(args, 2 + sizes + i));
    upload(
      counts,
      source,
      dataBytes(
        extents.reduce((a, b) => a * b, 1),
        n(args, at),
        n(args, at + 1),
      ),
    );
  };

/** texStorage2D and texStorage3D: target, levels, internal format, extents. Mipmaps are no business of tensors: one level. */
const texStorage =
  (sizes: 2 | 3): Handler =>
  (counts, state, args) => {
    const texels = Array.from({ length: sizes }, (_, i) => n(args, 3 + i)).reduce((a, b) => a * b, 1);
    counts.textureBytes += state.allocate(n(args, 0), 0, storedBytes(texels, n(args, 2)));
  };

/** bufferData(target, data | size, ...) and bufferSubData(target, offset, data, ...), with a part of the data or all. */
const bufferWrite =
  (dataAt: 1 | 2): Handler =>
  (counts, _, args) => {
    const data = args[dataAt];
    const bytes = byteLength(data);
    if (bytes === null) return;
    const [start, length] = [n(args, 3), n(args, 4)];
    const unit = ArrayBuffer.isView(data) && !(data instanceof DataView) ? (data as Float32Array).BYTES_PER_ELEMENT : 1;
    counts.bufferWrites++;
    counts.bufferWriteBytes += length > 0 ? length * unit : bytes - start * unit;
  };

const readPixels: Handler = (counts, state, args) => {
  // Into a buffer of the device: it has not come to the host yet.
  if (state.bound(GL.PIXEL_PACK_BUFFER)) return;
  counts.readbacks++;
  counts.readbackBytes += dataBytes(n(args, 2) * n(args, 3), n(args, 4), n(args, 5));
};
const getBufferSubData: Handler = (counts, _, args) => {
  const data = args[2] as ArrayBufferView;
  const unit = data instanceof DataView ? 1 : (data as Float32Array).BYTES_PER_ELEMENT;
  const length = n(args, 4);
  counts.readbacks++;
  counts.readbackBytes += length > 0 ? length * unit : data.byteLength - n(args, 3) * unit;
};

const handlers: Readonly<Record<string, Handler>> = {
  drawArrays: draw,
  drawArraysInstanced: draw,
  drawElements: draw,
  drawElementsInstanced: draw,
  drawRangeElements: draw,
  clear,
  clearBufferfv: clear,
  clearBufferiv: clear,
  clearBufferuiv: clear,
  linkProgram: (counts) => counts.programs++,
  texImage2D: texImage(2),
  texImage3D: texImage(3),
  texSubImage2D: texSubImage(2),
  texSubImage3D: texSubImage(3),
  texStorage2D: texStorage(2),
  texStorage3D: texStorage(3),
  bufferData: bufferWrite(1),
  bufferSubData: bufferWrite(2),
  readPixels,
  getBufferSubData,
  viewport: (_, state, args) => {
    state.viewport = [n(args, 0), n(args, 1), n(args, 2), n(args, 3)];
  },
  scissor: (_, state, args) => {
    state.scissor = [n(args, 0), n(args, 1), n(args, 2), n(args, 3)];
  },
  enable: (_, state, [capability]) => {
    if (capability === GL.SCISSOR_TEST) state.scissorOn = true;
  },
  disable: (_, state, [capability]) => {
    if (capability === GL.SCISSOR_TEST) state.scissorOn = false;
  },
  bindFramebuffer: (_, state, args) => state.bindFramebuffer(n(args, 0), args[1] as object | null),
  deleteFramebuffer: (_, state, args) => state.deleteFramebuffer((args[0] ?? null) as object | null),
  drawBuffers: (_, state, args) => state.drawBuffers(args[0] as Iterable<number>),
  bindBuffer: (_, state, args) => state.bindBuffer(n(args, 0), args[1] as object | null),
  activeTexture: (_, state, args) => state.activeTexture(n(args, 0)),
  bindTexture: (_, state, args) => state.bindTexture(n(args, 0), args[1] as object | null),
  deleteTexture: (counts, state, args) => {
    counts.textureBytes -= state.deleteTexture((args[0] ?? null) as object | null);
  },
};

/**
 * Wraps the methods of a prototype (`WebGL2RenderingContext.prototype`) so that calls on all its contexts are counted, in
 * `counts`, by whomever they are made. Extensions' own methods are not seen. Call it before anything makes a context.
 */
export function countCalls(prototype: object): { readonly counts: Counts } {
  const counts = noCounts();
  const states = new WeakMap<object, ContextState>();
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const original = descriptor.value as unknown;
    if (typeof original !== 'function' || name === 'constructor') continue;
    const handler = handlers[name];
    const wrapped = function (this: ContextLike & object, ...args: unknown[]): unknown {
      let state = states.get(this);
      if (!state) states.set(this, (state = new ContextState(this)));
      counts.calls++;
      handler?.(counts, state, args);
      return original.apply(this, args);
    };
    Object.defineProperty(prototype, name, { ...descriptor, value: wrapped });
  }
  return { counts };
}
