import { BackendError, type HostArray, hostArray, type TensorRef, sizeOf } from '@konv/core-tensor';
import { bufferOf, texelsFor } from './buffer.js';
import { lostError } from './context-loss.js';
import type { Engine } from './engine.js';
import { texelType } from './gl/formats.js';
import type { Texture } from './gl/texture.js';
import { patientTurn } from './gl/turn.js';

/** Values as the upload of their format takes them. */
function uploadView(values: HostArray): ArrayBufferView {
  return values instanceof Uint8Array ? new Int8Array(values.buffer, values.byteOffset, values.length) : values;
}

/** A new texture that holds `values`, of which a copy stays on the host. */
export function upload(engine: Engine, values: HostArray, type: Texture['type']): Texture {
  const texture = engine.pool.take(type, texelsFor(values.length));
  if (engine.dry) return texture;
  try {
    send(engine, values, texture);
  } catch (e) {
    texture.release();
    throw e;
  }
  return texture;
}

/** One upload, of rows that are full. */
export function send(engine: Engine, values: HostArray, texture: Texture): void {
  engine.check('write');
  const { gl } = engine;
  const columns = Math.min(texture.texels, 1 << texture.shift);
  const rows = Math.ceil(texture.texels / columns);
  // A copy in any case: what is kept must not change with the caller's array.
  const padded = hostArray(texture.type, rows * columns * 4);
  padded.set(values);
  const { format, type } = texture.format.upload;
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, texture.handle);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, columns, rows, gl[format], gl[type], uploadView(padded));
  texture.host = padded.subarray(0, values.length) as HostArray;
  engine.counts.uploads++;
}

export function write(engine: Engine, values: HostArray, out: TensorRef): void {
  engine.put(out, upload(engine, values, texelType(out.dtype)));
}

/** A rectangle of whole rows that covers the elements of a window. */
interface Region {
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
  /** Elements before the window in the first row. */
  readonly skip: number;
}

function regionOf(texture: Texture, offset: number, size: number): Region {
  const first = (offset >> 2) >> texture.shift;
  const rows = (((offset + size - 1) >> 2) >> texture.shift) - first + 1;
  const columns = Math.min(texture.texels, 1 << texture.shift);
  return { first, rows, columns, skip: offset - (first << texture.shift) * 4 };
}

/** Elements of the window among those that were read; bytes come as 32-bit integers. */
function unpack(x: TensorRef, region: Region, raw: Float32Array | Int32Array): HostArray {
  const size = sizeOf(x.shape);
  if (x.dtype === 'bool') return Uint8Array.from(raw.subarray(region.skip, region.skip + size));
  // An array of its own: its `buffer` is the values and nothing else.
  return raw.length === size ? raw : raw.slice(region.skip, region.skip + size);
}

function rawFor(texture: Texture, region: Region): Float32Array | Int32Array {
  const n = region.columns * region.rows * 4;
  return texture.type === 'float32' ? new Float32Array(n) : new Int32Array(n);
}

/** Starts the copy of a region into `target`, or into the buffer bound to PIXEL_PACK_BUFFER. */
function readInto(engine: Engine, texture: Texture, { first, rows, columns }: Region, target: ArrayBufferView | null): void {
  const { gl } = engine;
  const { format, type } = texture.format.download;
  engine.bindFramebuffer(texture);
  gl.readBuffer(gl.COLOR_ATTACHMENT0);
  gl.pixelStorei(gl.PACK_ALIGNMENT, 1);
  engine.counts.readbacks++;
  if (target === null) gl.readPixels(0, first, columns, rows, gl[format], gl[type], 0);
  else gl.readPixels(0, first, columns, rows, gl[format], gl[type], target);
}

/** A fence, waited for without holding up the page. */
export async function fence(engine: Engine, op: string): Promise<void> {
  engine.check(op);
  const { gl } = engine;
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (sync === null) return engine.check(op);
  gl.flush();
  const started = performance.now();
  try {
    for (;;) {
      const status = gl.clientWaitSync(sync, 0, 0);
      if (status === gl.ALREADY_SIGNALED || status === gl.CONDITION_SATISFIED) return;
      engine.check(op);
      if (status === gl.WAIT_FAILED)
        throw new BackendError(op, `expected the GPU of "${engine.name}" to finish, got WAIT_FAILED; report this`);
      // A flush has the GPU's process look at its fences, which it otherwise does every 2 ms.
      gl.flush();
      await patientTurn(started);
    }
  } finally {
    gl.deleteSync(sync);
  }
}

const together = new WeakMap<Engine, Promise<void>>();

/** A fence that all reads of one turn share. */
function sharedFence(engine: Engine): Promise<void> {
  const known = together.get(engine);
  if (known) return known;
  const made = Promise.resolve().then(() => {
    together.delete(engine);
    return fence(engine, 'read');
  });
  together.set(engine, made);
  return made;
}

/** What the host knows needs no GPU, nor a context. */
function fromHost(x: TensorRef): HostArray | null {
  const { pending, texture } = bufferOf(x);
  if (pending !== null || texture === null || texture.host === null) return null;
  return texture.host.slice(x.offset, x.offset + sizeOf(x.shape)) as HostArray;
}

/** A snapshot of this moment, on its way while the page goes on: into a buffer of the GPU, and from there behind a fence. */
export async function read(engine: Engine, x: TensorRef): Promise<HostArray> {
  const size = sizeOf(x.shape);
  const known = fromHost(x);
  if (known) return known;
  const texture = engine.textureOf(bufferOf(x));
  if (engine.dry) return hostArray(x.dtype, size);
  engine.check('read');
  // A holder until the end: nobody writes into it, nor does it come back with other values from the pool.
  texture.retain();
  try {
    const values = await fetchRegion(engine, texture, x);
    return keepHost(texture, x, values);
  } finally {
    texture.release();
  }
}

async function fetchRegion(engine: Engine, texture: Texture, x: TensorRef): Promise<HostArray> {
  const { gl } = engine;
  const { generation } = engine.pool;
  const region = regionOf(texture, x.offset, sizeOf(x.shape));
  const raw = rawFor(texture, region);
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
  gl.bufferData(gl.PIXEL_PACK_BUFFER, raw.byteLength, gl.STREAM_READ);
  readInto(engine, texture, region, null);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  try {
    await sharedFence(engine);
    engine.check('read');
    if (engine.pool.generation !== generation) throw lostError(engine, 'read', `the values of a [${x.shape.join(', ')}] ${x.dtype} tensor`);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, raw);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  } finally {
    gl.deleteBuffer(buffer);
  }
  engine.check('read');
  return unpack(x, region, raw);
}

/** What was read of a whole texture that nobody has written meanwhile is its host copy. */
function keepHost(texture: Texture, x: TensorRef, values: HostArray): HostArray {
  if (values.length === x.buffer.size && bufferOf(x).texture === texture && bufferOf(x).pending === null)
    texture.host = values.slice() as HostArray;
  return values;
}

/** At once: the page stands still until the GPU has done all that was asked of it. */
export function readSync(engine: Engine, x: TensorRef): HostArray {
  const size = sizeOf(x.shape);
  const known = fromHost(x);
  if (known) return known;
  const texture = engine.textureOf(bufferOf(x));
  if (engine.dry) return hostArray(x.dtype, size);
  engine.check('read');
  const region = regionOf(texture, x.offset, size);
  const raw = rawFor(texture, region);
  readInto(engine, texture, region, raw);
  engine.check('read');
  return unpack(x, region, raw);
}
