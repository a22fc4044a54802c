import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isKonvError, memory } from 'konv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LayersModelArtifacts, type LayersModelJson, loadLayersModel } from '../src/models/index.js';
import { artifactsOf, compare, fillWeights, L, random, tf, tfl } from './models-support.js';

let folder: string;
let server: Server;
let address: string;
let model: L.LayersModel;
let artifacts: Omit<LayersModelArtifacts, 'weightData'> & { weightData: ArrayBuffer };
let json: LayersModelJson;
/** The files of the model by name: three shards, of which none ends with a weight. */
const files = new Map<string, Uint8Array>();
const asked: string[] = [];

beforeAll(async () => {
  await tf.setBackend('cpu');
  model = L.sequential({
    layers: [
      tfl.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 5, 2], name: 'conv' }),
      tfl.flatten({ name: 'flat' }),
      tfl.dense({ units: 4, name: 'dense' }),
    ],
  });
  fillWeights(model, random(1));
  artifacts = (await artifactsOf(model)) as typeof artifacts;
  const bytes = new Uint8Array(artifacts.weightData);
  const cuts = [0, 101, 203, bytes.length];
  const paths = cuts.slice(1).map((_, i) => `group1-shard${i + 1}of3.bin`);
  paths.forEach((name, i) => files.set(name, bytes.slice(cuts[i], cuts[i + 1])));
  json = {
    format: 'layers-model',
    modelTopology: artifacts.modelTopology as object,
    weightsManifest: [{ paths, weights: artifacts.weightSpecs as never }],
  };
  files.set('model.json', new TextEncoder().encode(JSON.stringify(json)));
  folder = await mkdtemp(join(tmpdir(), 'konv-models-'));
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  server = createServer((request, response) => {
    asked.push(request.url as string);
    const content = files.get((request.url as string).replace(/^\/m\/|\?.*$/g, ''));
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m/`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const picked = (...without: string[]): File[] =>
  [...files].filter(([name]) => !without.includes(name)).map(([name, content]) => new File([content as Uint8Array<ArrayBuffer>], name));

describe('sources', () => {
  it.each<[string, () => Parameters<typeof loadLayersModel>[0]]>([
    ['a path', () => join(folder, 'model.json')],
    ['a file URL', () => new URL(`file://${folder}/model.json`)],
    ['an address', () => `${address}model.json`],
    ['a URL', () => new URL(`${address}model.json`)],
    ['files', () => picked().reverse()],
    ['artifacts', () => artifacts],
    ['artifacts in pieces', () => ({ ...artifacts, weightData: [artifacts.weightData.slice(0, 10), artifacts.weightData.slice(10)] })],
    [
      'artifacts in a Buffer of Node, not at its beginning',
      () => ({ ...artifacts, weightData: Buffer.concat([Buffer.alloc(3), new Uint8Array(artifacts.weightData)]).subarray(3) }),
    ],
    ['an IOHandler', () => tf.io.fromMemory(artifacts as never) as never],
    ["tfjs's handler of files", () => tf.io.http(`${address}model.json`) as never],
  ])('%s', async (_, source) => {
    await compare(model, await loadLayersModel(source()), random(2));
  });
  it('shards carry the query of the address, and go through the fetch that is given', async () => {
    asked.length = 0;
    const fetched: string[] = [];
    await loadLayersModel(`${address}model.json?key=a%2Fb`, {
      fetch: (url) => {
        fetched.push(url);
        return fetch(url);
      },
    });
    expect(asked).toEqual(
      ['model.json', 'group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'].map((name) => `/m/${name}?key=a%2Fb`),
    );
    expect(fetched.length).toBe(4);
  });
  it('several groups, optimizer state, names with a model in front', async () => {
    const specs = artifacts.weightSpecs as { name: string }[];
    const weightSpecs = [
      ...specs.map((s) => ({ ...s, name: `sequential_1/${s.name}` })),
      { name: 'Adam/m', shape: [2], dtype: 'float32', group: 'optimizer' },
    ];
    const weightData = new Uint8Array([...new Uint8Array(artifacts.weightData), ...new Uint8Array(8)]);
    await compare(model, await loadLayersModel({ ...artifacts, weightSpecs, weightData } as never), random(2));
  });
});

describe('hostile and broken files', () => {
  const rejects = async (source: unknown, text: string | RegExp, options = {}): Promise<void> => {
    const before = memory().tensors;
    const error = await loadLayersModel(source as never, options).then(
      () => null,
      (e: unknown) => e as Error,
    );
    expect(error, 'it was loaded').not.toBe(null);
    expect(isKonvError(error), String(error?.stack)).toBe(true);
    expect(error?.message).toMatch(text);
    // Not more; the collector may have taken some of other tests.
    expect(memory().tensors).toBeLessThanOrEqual(before);
  };
  const changed = (change: (a: { weightSpecs: Record<string, unknown>[]; weightData: unknown; modelTopology: never }) => void): unknown => {
    const copy = structuredClone(artifacts);
    change(copy as never);
    return copy;
  };
  const layer = (i: number, config: object): unknown =>
    changed((a) =>
      Object.assign((a.modelTopology as never as { config: { layers: { config: object }[] } }).config.layers[i].config, config),
    );

  it('files that are not there', async () => {
    await rejects(join(folder, 'no.json'), /readable file.*no\.json.*ENOENT/);
    await rejects(`${address}no.json`, 'status 404');
    await rejects('http://127.0.0.1:1/model.json', 'expected an answer from');
    await rejects(picked('group1-shard2of3.bin'), '"group1-shard2of3.bin"');
    await rejects(picked('model.json'), 'one model.json');
    await rejects([...picked(), new File([], 'other.json')], '"model.json", "other.json"');
    await rejects([...picked(), new File([], 'model.json')], 'twice');
    await rejects([1, 2], 'files with names');
  });
  it('no JSON, other JSON', async () => {
    for (const [content, text] of [
      ['{"model', 'in JSON'],
      ['[]', 'modelTopology'],
      ['{}', 'modelTopology'],
      ['{"format":"graph-model","modelTopology":{}}', 'a graph model'],
      ['\xff\xfe', 'in JSON'],
    ]) {
      await rejects([new File([content], 'model.json')], text);
    }
    await rejects(42, 'a path, URL, files');
    await rejects(null, 'a path, URL, files');
    await rejects({ ...json }, 'weightsManifest alone');
    for (const path of ['../x.bin', '/etc/passwd', 'a/../../b', 'http://other/x', 'C:\\x', '', 5]) {
      await rejects(
        [new File([JSON.stringify({ ...json, weightsManifest: [{ paths: [path], weights: [] }] })], 'model.json')],
        'paths of shards',
      );
    }
  });
  it.each([
    '%2e%2e/x.bin',
    '.%2E/x.bin',
    '.\t./x.bin',
    'a/%2e%2e/%2e%2e/x.bin',
    '..%2fx.bin',
    ' http://other/x.bin',
    'ht\ntp://other/x.bin',
    ' //other/x.bin',
    '\t/x.bin',
  ])('an address that the path %j leads out of the folder', async (path) => {
    const fetched: string[] = [];
    const get = async (url: string): Promise<Response> => {
      fetched.push(url);
      return new Response(JSON.stringify({ ...json, weightsManifest: [{ paths: [path], weights: artifacts.weightSpecs }] }));
    };
    await expect(loadLayersModel('http://here/m/model.json', { fetch: get })).rejects.toThrow('paths of shards beside model.json');
    expect(fetched).toEqual(['http://here/m/model.json']);
  });
  it('shards that are too short, too long, too few', async () => {
    for (const cut of [0, 4, 100])
      await rejects(
        changed((a) => {
          a.weightData = artifacts.weightData.slice(0, artifacts.weightData.byteLength - 1 - cut);
        }),
        /bytes of weights.*"dense\/(bias|kernel)" ends beyond/,
      );
    await rejects(
      changed((a) => {
        a.weightData = new Uint8Array(artifacts.weightData.byteLength + 4);
      }),
      'more',
    );
    await rejects(
      changed((a) => {
        a.weightData = undefined;
      }),
      'weightData',
    );
    await rejects(
      changed((a) => {
        a.weightData = 'abc';
      }),
      'weightData',
    );
    await rejects([...picked('group1-shard2of3.bin'), new File(['short'], 'group1-shard2of3.bin')], 'truncated');
  });
  it('weights that are missing, too many, of another shape or named twice', async () => {
    await rejects(
      changed((a) => {
        a.weightSpecs.pop();
        a.weightData = artifacts.weightData.slice(0, -16);
      }),
      'missing: "dense/bias"',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs.push({ name: 'x/y', shape: [1], dtype: 'float32' });
      }),
      'unexpected: "x/y"',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[3].name = 'dense/kernel';
      }),
      '"dense/kernel" twice',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[1].shape = [1, 3];
      }),
      'size mismatch for conv/bias: [1, 3] in the file, [3] in the model',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[0].shape = [2 ** 30, 2 ** 30];
      }),
      '2^31',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[0].shape = [-3];
      }),
      'whole sizes',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[0].dtype = 'string';
      }),
      'float32, int32, bool or uint8',
    );
    await rejects(
      changed((a) => {
        a.weightSpecs[0].name = undefined;
      }),
      'a name',
    );
    await rejects(
      changed((a) => {
        (a as { weightSpecs: unknown }).weightSpecs = {};
      }),
      'list of weights',
    );
  });
  it('what strict: false lets pass', async () => {
    const less = changed((a) => {
      a.weightSpecs[3].name = 'other/bias';
    });
    await rejects(less, /unexpected: "other\/bias"\n.*missing: "dense\/bias"/s);
    const net = await loadLayersModel(less as never, { strict: false });
    const { compare: _, ...whole } = { compare, net: await loadLayersModel(artifacts) };
    expect(await net.stateDict()['dense.weight'].data()).toEqual(await whole.net.stateDict()['dense.weight'].data());
    await rejects(
      changed((a) => {
        a.weightSpecs[1].shape = [4];
      }),
      'size mismatch',
      { strict: false },
    );
  });
  it('quantisation that says nothing', async () => {
    const q = (quantization: unknown, dtype = 'float32'): unknown =>
      changed((a) => Object.assign(a.weightSpecs[1], { quantization, dtype }));
    await rejects(q({ dtype: 'uint8', min: 0, scale: Number.NaN }), /scale.*NaN/);
    await rejects(q({ dtype: 'uint8', min: Infinity, scale: 1 }), 'finite min');
    await rejects(q({ dtype: 'uint8', scale: 1 }), 'finite min');
    await rejects(q({ dtype: 'uint4', min: 0, scale: 1 }), 'uint4');
    await rejects(q({ dtype: 'float16' }, 'int32'), 'from int32 to float16');
    await rejects(q(7), 'quantised');
  });
  it('all layers that konv has not, in one error, before a shard is read', async () => {
    const node = (class_name: string, name: string, from: string, config = {}): object => ({
      class_name,
      name,
      config: { name, ...config },
      inbound_nodes: from === '' ? [] : [[[from, 0, 0, {}]]],
    });
    const both = {
      modelTopology: {
        class_name: 'Model',
        config: {
          layers: [
            node('InputLayer', 'x', '', { batch_input_shape: [null, 5, 3] }),
            node('LSTM', 'memory', 'x', { units: 4 }),
            node('GRU', 'gate', 'memory', { units: 2 }),
            node('InputLayer', 'y', '', { batch_input_shape: [null, 9, 9, 2] }),
            node('DepthwiseConv2D', 'wide', 'y', { kernel_size: [3, 3], dilation_rate: [2, 2] }),
            node('Conv2D', 'fine', 'wide', { kernel_size: [3, 3], filters: 2 }),
          ],
          input_layers: [
            ['x', 0, 0],
            ['y', 0, 0],
          ],
          output_layers: [
            ['gate', 0, 0],
            ['fine', 0, 0],
          ],
        },
      },
    };
    const handler = { load: async () => ({ ...both, weightData: undefined, weightSpecs: undefined }) };
    await rejects(handler, /3 that are not:[\s\S]*LSTM "memory": [\s\S]*GRU "gate": [\s\S]*DepthwiseConv2D "wide": dilation_rate/);
  });
  it('topologies that make no sense', async () => {
    await rejects(
      changed((a) => {
        a.modelTopology = { class_name: 'Lambda' } as never;
      }),
      'Sequential, Model, Functional',
    );
    await rejects(
      changed((a) => {
        a.modelTopology = { class_name: 'Sequential', config: { layers: [] } } as never;
      }),
      'with layers',
    );
    await rejects(
      changed((a) => {
        a.modelTopology = null as never;
      }),
      'modelTopology',
    );
    await rejects(layer(0, { filters: 2 ** 40 }), 'filters is');
    await rejects(layer(0, { filters: -1 }), 'filters is');
    await rejects(layer(0, { kernel_size: [3, 'x'] }), 'kernel_size is');
    await rejects(layer(0, { kernel_size: [99, 99] }), 'does not fit');
    await rejects(layer(0, { padding: 'causal' }), 'padding is');
    await rejects(layer(0, { activation: 'mine' }), 'activation is "mine"');
    await rejects(layer(0, { batch_input_shape: [null, 1e12, 5, 2] }), 'an input shape');
    await rejects(layer(0, { batch_input_shape: null }), 'no shape of its input');
    await rejects(layer(2, { units: 2 ** 31 }), 'units is');
    await rejects(layer(2, { units: 2 ** 30 }), 'size mismatch');
    await rejects(layer(1, { name: 'conv' }), '"conv" twice');
    await rejects(layer(1, { name: '__proto__' }), 'to have a name');
    const one = (nodes: unknown, className = 'Dense'): unknown => ({
      modelTopology: {
        class_name: 'Model',
        config: {
          layers: [
            { class_name: 'InputLayer', name: 'x', config: { batch_input_shape: [null, 3] }, inbound_nodes: [] },
            { class_name: className, name: 'd', config: { units: 2, name: 'd' }, inbound_nodes: nodes },
          ],
          input_layers: [['x', 0, 0]],
          output_layers: [['d', 0, 0]],
        },
      },
    });
    await rejects(one([[['d', 0, 0, {}]]]), 'a circle through "d"');
    await rejects(one([[['e', 0, 0, {}]]]), 'from "e"');
    await rejects(one([[['x', 7, 0, {}]]]), 'to be called 8 times');
    await rejects(one([[['x', 0, 3, {}]]]), 'circle');
    await rejects(one([[['x', 0, 0, { training: true }]]]), 'called with training');
    await rejects(one([{ args: [] }]), 'Keras 3');
    await rejects(one([[5]]), '[layer, call, tensor]');
    await rejects(
      one([
        [
          ['x', 0, 0, {}],
          ['x', 0, 0, {}],
        ],
      ]),
      'it has 2 inputs',
    );
    await rejects(one([[['x', 0, 0, {}]]], 'Add'), 'merges 1 input');
    let deep: object = { class_name: 'Dense', config: { name: 'd', units: 1 } };
    for (let i = 0; i < 5000; i++) deep = { class_name: 'Sequential', config: { name: `s${i}`, layers: [deep] } };
    await rejects({ modelTopology: deep }, 'deep');
  });
  it('options that it does not know', async () => {
    await rejects(artifacts, 'options among', { strikt: true });
    await rejects(artifacts, 'strict to be', { strict: 1 });
    await rejects(artifacts, 'expected a registered backend', { backend: 'none' });
  });
});
