import { GL } from './formats.js';

/** What the counting needs of a WebGL2 context. */
export interface ContextLike {
  readonly drawingBufferWidth: number;
  readonly drawingBufferHeight: number;
}

type Box = readonly [x: number, y: number, width: number, height: number];

/** The part of a context's state that says how much a draw writes, and of which texture a call speaks. */
export class ContextState {
  viewport: Box;
  scissor: Box;
  scissorOn = false;
  framebuffer: object | null = null;
  /** Bytes of each level of each live texture. */
  readonly textures = new Map<object, Map<number, number>>();
  private readonly buffersOf = new Map<object | null, number>();
  private readonly boundBuffers = new Map<number, object | null>();
  private unit: number = GL.TEXTURE0;
  private readonly units = new Map<string, object | null>();

  constructor(context: ContextLike) {
    this.viewport = this.scissor = [0, 0, context.drawingBufferWidth, context.drawingBufferHeight];
  }

  /** Texels of the viewport, cut to the scissor where it is on, in each of the active draw buffers. */
  texelsOfDraw(): number {
    const boxes = this.scissorOn ? [this.viewport, this.scissor] : [this.viewport];
    const extent = (axis: 0 | 1): number => {
      const low = Math.max(...boxes.map((box) => box[axis]));
      const high = Math.min(...boxes.map((box) => box[axis] + box[axis + 2]));
      return Math.max(0, high - low);
    };
    return extent(0) * extent(1) * (this.buffersOf.get(this.framebuffer) ?? 1);
  }

  bindFramebuffer(target: number, framebuffer: object | null): void {
    if (target === GL.FRAMEBUFFER || target === GL.DRAW_FRAMEBUFFER) this.framebuffer = framebuffer;
  }

  deleteFramebuffer(framebuffer: object | null): void {
    if (framebuffer === null) return;
    this.buffersOf.delete(framebuffer);
    if (this.framebuffer === framebuffer) this.framebuffer = null;
  }

  /** Which attachments the bound framebuffer's draws write. */
  drawBuffers(buffers: Iterable<number>): void {
    this.buffersOf.set(this.framebuffer, [...buffers].filter((b) => b !== GL.NONE).length);
  }

  bindBuffer(target: number, buffer: object | null): void {
    this.boundBuffers.set(target, buffer);
  }

  bound(target: number): boolean {
    return Boolean(this.boundBuffers.get(target));
  }

  activeTexture(unit: number): void {
    this.unit = unit;
  }

  bindTexture(target: number, texture: object | null): void {
    this.units.set(`${this.unit} ${target}`, texture);
  }

  /** Notes the bytes of a level of the texture that is bound here; returns by how much the textures grew. */
  allocate(target: number, level: number, bytes: number): number {
    const texture = this.units.get(`${this.unit} ${target}`);
    if (!texture) return 0;
    const levels = this.textures.get(texture) ?? new Map<number, number>();
    this.textures.set(texture, levels);
    const grown = bytes - (levels.get(level) ?? 0);
    levels.set(level, bytes);
    return grown;
  }

  /** Returns by how much the textures shrank. */
  deleteTexture(texture: object | null): number {
    if (texture === null) return 0;
    let freed = 0;
    for (const bytes of this.textures.get(texture)?.values() ?? []) freed += bytes;
    this.textures.delete(texture);
    return freed;
  }
}
