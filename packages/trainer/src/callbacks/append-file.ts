import { FormatError } from '@konv/core-tensor';

/** What is used of Node's FileHandle. */
interface Handle {
  appendFile(data: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A file that grows at its end. Node only. */
export class AppendFile {
  readonly #op: string;
  readonly #path: string | URL;
  #handle: Handle | null = null;

  constructor(op: string, path: string | URL) {
    this.#op = op;
    this.#path = path;
  }

  /** Opens it, made with its folder where it is missing; `anew`: emptied. Errors: `FormatError`. */
  open(anew: boolean): Promise<void> {
    return this.#attempt(async () => {
      const fs = process.getBuiltinModule('node:fs/promises');
      const { dirname } = process.getBuiltinModule('node:path');
      const { fileURLToPath } = process.getBuiltinModule('node:url');
      const path = this.#path instanceof URL ? fileURLToPath(this.#path) : this.#path;
      await fs.mkdir(dirname(path), { recursive: true });
      this.#handle = await fs.open(path, anew ? 'w' : 'a');
    });
  }

  /** Errors: `FormatError`. */
  append(data: string | Uint8Array): Promise<void> {
    return this.#attempt(async () => {
      if (data.length > 0) await this.#handle?.appendFile(data);
    });
  }

  close(): Promise<void> {
    return this.#attempt(async () => {
      const handle = this.#handle;
      this.#handle = null;
      await handle?.close();
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const code = (cause as { code?: string }).code ?? String(cause);
      throw new FormatError(this.#op, `expected to write "${String(this.#path)}", got ${code}; check the folder and the space left`, {
        cause,
      });
    }
  }
}
