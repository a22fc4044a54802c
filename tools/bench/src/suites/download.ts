import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type OutputChunk, rolldown } from 'rolldown';

/** KB (1000 bytes) after minification and gzip -9. */
export interface Download {
  /** JavaScript of the backend, without kernels. */
  scriptKb: number;
  /** The kernels' binaries, each as it travels (base64 in a module); a browser loads one of them. */
  binariesKb: number[];
  /** Script and the largest binary. */
  totalKb: number;
}

/** In base64, every WebAssembly module begins so. */
const wasmInBase64 = /["'`](AGFzbQ[A-Za-z0-9+/=]+)["'`]/g;

async function bundle(external: RegExp[]): Promise<OutputChunk[]> {
  const folder = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules', '.cache');
  const input = join(folder, 'download-entry.mjs');
  await mkdir(folder, { recursive: true });
  await writeFile(input, "export { wasm } from '@konv/backend-wasm';\n");
  const build = await rolldown({ input, platform: 'browser', external: [/^node:/, ...external], logLevel: 'silent' });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true });
    return output.filter((part): part is OutputChunk => part.type === 'chunk');
  } finally {
    await build.close();
  }
}

/** What a page downloads for `@konv/backend-wasm`: with `@konv/core-tensor`, or without, where the page has it anyway. */
export async function measureDownload(withCore: boolean): Promise<Download> {
  const chunks = await bundle(withCore ? [] : [/^@konv\/core-tensor/]);
  const kb = (text: string): number => gzipSync(text, { level: 9 }).length / 1000;
  const binaries: string[] = [];
  let script = '';
  for (const { code } of chunks) {
    script += code.replaceAll(wasmInBase64, (_, base64: string) => {
      binaries.push(base64);
      return '""';
    });
  }
  if (binaries.length === 0) throw new Error('the bundle of @konv/backend-wasm has no kernels in it');
  const binariesKb = binaries.map(kb);
  const scriptKb = kb(script);
  return { scriptKb, binariesKb, totalKb: scriptKb + Math.max(...binariesKb) };
}
