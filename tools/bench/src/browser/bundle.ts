import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** The pages: `counting.html` counts WebGL's calls, `index.html` leaves WebGL alone. */
const pages = { 'index.html': ['main'], 'counting.html': ['counting', 'main'] };

/** Bundles the page's program into a folder with the pages, and returns it. */
export async function bundlePages(): Promise<string> {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const out = join(here('../..'), 'node_modules', '.cache', 'browser');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const build = await rolldown({
    input: { main: here('page/main.js'), counting: here('page/counting.js') },
    platform: 'browser',
    resolve: { mainFields: ['browser', 'module', 'main'], aliasFields: [['browser']] },
    // tfjs's packages call files with side effects pure; tree-shaking would drop the gradients.
    treeshake: false,
    // tfjs asks for these where it finds itself in Node.
    external: [/^node:/, 'util', 'crypto', 'node-fetch', 'string_decoder'],
    logLevel: 'silent',
  });
  try {
    await build.write({ dir: out, format: 'esm', entryFileNames: '[name].js' });
  } finally {
    await build.close();
  }
  for (const [file, scripts] of Object.entries(pages)) {
    // Modules run in the order of their elements.
    const elements = scripts.map((name) => `<script type="module" src="./${name}.js"></script>`).join('');
    await writeFile(
      join(out, file),
      `<!doctype html><meta charset="utf-8"><title>konv bench</title><link rel="icon" href="data:,">${elements}`,
    );
  }
  return out;
}
