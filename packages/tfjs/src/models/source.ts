/** Where a model comes from: a path, a URL, files, or memory. All become a topology and groups of weights with bytes. */
import type { FormatError } from '@konv/core-tensor';
import type { LayersModelArtifacts, LayersModelHandler, WeightsGroup } from './artifacts.js';
import { AGAIN, describe, isRecord, quoted, refuse } from './refuse.js';

/**
 * What `loadLayersModel` takes: the path of model.json (Node), its URL, the files of a model as a user picks or drops
 * them, the model in memory, or whatever has a `load()` that gives it, such as an IOHandler of TensorFlow.js. A string is
 * a URL if it begins with a scheme, and always in a browser.
 */
export type LayersModelSource = string | URL | Iterable<Blob> | LayersModelArtifacts | LayersModelHandler;

export interface OpenModel {
  readonly topology: unknown;
  readonly groups: readonly { weights: unknown; parts: readonly Part[] }[];
}

/** The bytes of one file of a group. `name` is what errors call it. */
export interface Part {
  readonly name: string;
  read(): Promise<Uint8Array>;
}

export type Fetch = (url: string) => Promise<Response>;

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/** Whether this runs where files have paths. */
export function hasFiles(): boolean {
  return typeof process === 'object' && process !== null && typeof process.versions?.node === 'string';
}

export async function openModel(source: LayersModelSource, get: Fetch): Promise<OpenModel> {
  const given: unknown = source;
  if (given instanceof URL) return given.protocol === 'file:' && hasFiles() ? openPath(pathOf(given)) : openUrl(given, get);
  if (typeof given === 'string') {
    if (given.startsWith('file:') && hasFiles()) return openPath(pathOf(new URL(given)));
    // A single letter before the colon is a drive.
    if (!SCHEME.test(given) && hasFiles()) return openPath(given);
    return openUrl(absolute(given), get);
  }
  if (isRecord(given) && typeof given.load === 'function') return openMemory(await (given as unknown as LayersModelHandler).load());
  if (typeof given === 'object' && given !== null && Symbol.iterator in given) return openFiles([...(given as Iterable<unknown>)]);
  if (isRecord(given) && 'modelTopology' in given) return openMemory(given);
  throw refuse('a path, URL, files, artifacts or an IOHandler', describe(given), 'pass one of these');
}

function absolute(url: string): URL {
  const page = globalThis as { document?: { baseURI?: string }; location?: { href?: string } };
  const base = page.document?.baseURI ?? page.location?.href;
  try {
    return new URL(url, base);
  } catch (e) {
    throw refuse('an address', describe(url), 'write it whole, or relative to the page', e);
  }
}

function pathOf(url: URL): string {
  return process.getBuiltinModule('node:url').fileURLToPath(url);
}

/** The manifest in the content of a model.json; `part` opens a file that it names. */
function fromJson(bytes: Uint8Array, name: string, part: (path: string) => Part): OpenModel {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (e) {
    throw refuse(`${name} in JSON`, (e as Error).message, 'pass the model.json, whose shards are found by it', e);
  }
  if (!isRecord(json) || !('modelTopology' in json))
    throw refuse(`${name} to have a modelTopology`, describe(json), 'pass the model.json of a layers model');
  if (json.format === 'graph-model') {
    throw refuse('a layers model', 'a graph model', 'convert the Keras model with output format tfjs_layers_model');
  }
  const manifest = json.weightsManifest ?? [];
  if (!Array.isArray(manifest)) throw refuse('weightsManifest to be a list', describe(manifest), AGAIN);
  const groups = manifest.map((group: unknown, i) => {
    if (!isRecord(group) || !Array.isArray(group.paths))
      throw refuse(`group ${i} of weightsManifest to have paths`, describe(group), AGAIN);
    return { weights: (group as unknown as WeightsGroup).weights, parts: group.paths.map((path) => part(checkPath(path))) };
  });
  return { topology: json.modelTopology, groups };
}

/** A file beside model.json or below it: a manifest does not reach elsewhere. */
function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '' && !SCHEME.test(path) && !/^[/\\]|\\|(^|\/)\.\.(\/|$)|\0/.test(path)) return path;
  throw noShard(path);
}

/** `..` between slashes of an address, either of which may be escaped. */
const CLIMBS = /(^|\/|%2f|%5c)(\.|%2e){2}(\/|%2f|%5c|\?|$)/i;

function noShard(path: unknown): FormatError {
  return refuse('paths of shards beside model.json', describe(path), AGAIN);
}

async function openPath(path: string): Promise<OpenModel> {
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      return await readFile(file);
    } catch (e) {
      throw refuse(`a readable file at "${file}"`, (e as { code?: string }).code ?? String(e), 'keep the shards beside model.json', e);
    }
  };
  return fromJson(await read(path), path, (shard) => ({ name: shard, read: () => read(join(dirname(path), shard)) }));
}

async function openUrl(url: URL, get: Fetch): Promise<OpenModel> {
  const read = async (address: string): Promise<Uint8Array> => {
    let response: Response;
    try {
      response = await get(address);
    } catch (e) {
      throw refuse(`an answer from ${address}`, (e as Error).message, 'check the address', e);
    }
    if (!response.ok) throw refuse(`${address} to be found`, `status ${response.status}`, 'check the address');
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (e) {
      throw refuse(`the whole of ${address}`, (e as Error).message, 'load it again', e);
    }
  };
  const shardUrl = (shard: string): string => {
    try {
      // `#` in a name is no fragment. A key in the query is for the shards, too, as TensorFlow.js has it.
      const at = new URL(shard.replaceAll('#', '%23'), url);
      const folder = new URL('.', url).href;
      // Addresses drop blanks and read `%2e` as a dot, which `checkPath` does not; servers may read `%2f` as a slash.
      if (at.href.startsWith(folder) && !CLIMBS.test(at.href.slice(folder.length))) {
        if (at.search === '') at.search = url.search;
        return at.href;
      }
    } catch {
      // No address at all.
    }
    throw noShard(shard);
  };
  return fromJson(await read(url.href), url.href, (shard) => {
    const address = shardUrl(shard);
    return { name: shard, read: () => read(address) };
  });
}

async function openFiles(files: readonly unknown[]): Promise<OpenModel> {
  const named = new Map<string, Blob>();
  for (const file of files) {
    const name = (file as { name?: unknown } | null)?.name;
    if (!(file instanceof Blob) || typeof name !== 'string')
      throw refuse('files with names', describe(file), 'pass the files as the user picked them');
    if (named.has(name)) throw refuse('files of different names', `"${name}" twice`, 'pass the files of one model');
    named.set(name, file);
  }
  const json = [...named.keys()].filter((name) => name.endsWith('.json'));
  if (json.length !== 1)
    throw refuse(
      'one model.json among the files',
      json.length === 0 ? `none in ${quoted([...named.keys()])}` : quoted(json),
      'pass the files of one model',
    );
  const read = async (file: Blob): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());
  const missing: string[] = [];
  const model = fromJson(await read(named.get(json[0]) as Blob), json[0], (shard) => {
    const name = shard.slice(shard.lastIndexOf('/') + 1);
    const file = named.get(name);
    if (file === undefined) missing.push(name);
    return { name, read: () => read(file as Blob) };
  });
  if (missing.length > 0) throw refuse(`the shards that ${json[0]} names`, `no ${quoted(missing)}`, 'pass these files, too');
  return model;
}

function openMemory(artifacts: unknown): OpenModel {
  if (!isRecord(artifacts))
    throw refuse('artifacts with modelTopology, weightSpecs and weightData', describe(artifacts), 'load the model with another handler');
  const { modelTopology: topology, weightSpecs, weightData } = artifacts;
  if (weightSpecs === undefined && weightData === undefined) {
    if (Array.isArray(artifacts.weightsManifest) && artifacts.weightsManifest.length > 0) {
      throw refuse(
        'weightSpecs and weightData',
        'a weightsManifest alone',
        'pass the path or address of model.json, so that its shards are found',
      );
    }
    return { topology, groups: [] };
  }
  const list = Array.isArray(weightData) ? weightData : [weightData];
  const parts = list.map((data: unknown, i) => {
    const bytes =
      data instanceof Uint8Array
        ? data
        : Object.prototype.toString.call(data) === '[object ArrayBuffer]'
          ? new Uint8Array(data as ArrayBuffer)
          : null;
    if (bytes === null) throw refuse('weightData in an ArrayBuffer or several', describe(data), AGAIN);
    return { name: list.length === 1 ? 'weightData' : `weightData[${i}]`, read: async () => bytes };
  });
  return { topology, groups: [{ weights: weightSpecs, parts }] };
}
