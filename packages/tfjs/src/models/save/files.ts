import { writeAtomically } from '@konv/formats';
import type { LayersModelArtifacts, LayersModelJson } from '../artifacts.js';

/** The size of a shard: what browsers cache. */
const SHARD_BYTES = 4 * 1024 * 1024;
const OURS = /^group1-shard\d+of\d+\.[0-9a-f]{8}\.bin$/;

/** FNV-1a, 32 bits, over all bytes of one after the other. */
function hash(...parts: readonly Uint8Array[]): string {
  let h = 0x811c9dc5;
  for (const bytes of parts) for (const b of bytes) h = Math.imul(h ^ b, 0x01000193);
  return (h >>> 0).toString(16).padStart(8, '0');
}

/**
 * model.json and its shards beside it. The names of the shards hold a hash of their content and model.json comes last,
 * so that at every moment there is a whole model, the old or the new. Shards of the old one go at the end: model.json's own
 * name is in the hash, too, so that no other model of the folder has them.
 */
export async function writeFiles(path: string, artifacts: LayersModelArtifacts): Promise<void> {
  const { basename, dirname, join } = process.getBuiltinModule('node:path');
  const fs = process.getBuiltinModule('node:fs/promises');
  const data = new Uint8Array(artifacts.weightData as ArrayBuffer);
  const count = Math.ceil(data.length / SHARD_BYTES);
  const paths: string[] = [];
  const owner = new TextEncoder().encode(basename(path));
  for (let i = 0; i < count; i++) {
    const shard = data.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES);
    const name = `group1-shard${i + 1}of${count}.${hash(owner, shard)}.bin`;
    await writeAtomically(join(dirname(path), name), shard);
    paths.push(name);
  }
  const { weightData: _, weightSpecs: weights = [], modelTopology = {}, ...rest } = artifacts;
  const json: LayersModelJson = { ...rest, modelTopology, weightsManifest: weights.length === 0 ? [] : [{ paths, weights }] };
  const old = await fs.readFile(path, 'utf8').then(shardsOf, () => []);
  await writeAtomically(path, new TextEncoder().encode(JSON.stringify(json)));
  for (const name of old) if (OURS.test(name) && !paths.includes(name)) await fs.rm(join(dirname(path), name), { force: true });
}

/** The shards that a model.json names; none if it is no such file. */
function shardsOf(text: string): string[] {
  try {
    const json = JSON.parse(text) as LayersModelJson;
    return json.weightsManifest.flatMap((group) => group.paths).filter((path) => typeof path === 'string');
  } catch {
    return [];
  }
}
