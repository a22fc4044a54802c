import type * as Files from 'node:fs/promises';
import { FormatError } from '@konv/core-tensor';

/**
 * Writes a file so that under its name there is always a whole one, the old or the new: a temporary file in the same
 * folder, flushed to the disk, then renamed. A symbolic link stays, what it points to is replaced; so does the mode.
 *
 * Node only. Errors: `FormatError` with the system's error as its cause; the old file, if any, is then as it was.
 */
export async function writeAtomically(path: string | URL, bytes: Uint8Array): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises');
  const { basename, dirname, join } = process.getBuiltinModule('node:path');
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  let temporary: string | null = null;
  try {
    const given = path instanceof URL ? fileURLToPath(path) : path;
    const target = await fs.realpath(given).catch(() => given);
    const unique = `${process.pid}.${Math.random().toString(36).slice(2, 10)}`;
    const name = join(dirname(target), `.${basename(target)}.${unique}.tmp`);
    const mode = await fs.stat(target).then(
      (old) => old.mode & 0o777,
      () => 0o666,
    );
    const file = await fs.open(name, 'wx', mode);
    temporary = name;
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(name, target);
    temporary = null;
    await syncFolder(fs, dirname(target));
  } catch (cause) {
    if (temporary !== null) await fs.rm(temporary, { force: true }).catch(() => {});
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new FormatError('write', `expected to write "${String(path)}", got ${code}; check the folder and the space left`, { cause });
  }
}

/** Makes the rename itself durable, where the system lets a folder be opened. */
async function syncFolder(fs: typeof Files, folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows opens no folders.
  }
}
