/** Files beside the tests: from the disk in Node, from the test server in a browser. */

/** The address of a file, given relative to this folder. Packages that load from a URL take it in both. */
export const testFile = (path: string): URL => new URL(path, import.meta.url);

export async function readJson(path: string) {
  const url = testFile(path);
  if (url.protocol !== 'file:') return (await fetch(url)).json();
  const { readFile } = await import('node:fs/promises');
  return JSON.parse(await readFile(url, 'utf8'));
}
