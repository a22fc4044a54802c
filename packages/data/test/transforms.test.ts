import { readFileSync } from 'node:fs';
import { defaultGenerator, fillUniform, Generator, getRngState, manualSeed, type Tensor } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import {
  centerCrop,
  compose,
  DataLoader,
  type HostTensor,
  normalize,
  randomCrop,
  randomHorizontalFlip,
  randomVerticalFlip,
  type Transform,
} from '../src/index.js';
import { countTensors, failure } from './loader-tools.js';

interface Values {
  dtype: HostTensor['dtype'];
  shape: number[];
  data: number[];
}
interface Case {
  transform: string;
  args: unknown[];
  seed: number;
  input: Values;
  outputs: Values[];
  nextRand: number[];
}
interface Loader {
  seed: number;
  shuffle: boolean;
  passes: { batches: [Values, Values][]; nextRand: number[] }[];
}
interface Refusal {
  size: number | number[];
  shape: number[];
  options: object;
  pytorch: string;
}

// Made with torchvision 0.14: `npm run golden -- data/transforms`.
const golden = JSON.parse(readFileSync(new URL('fixtures/transforms.json', import.meta.url), 'utf8'));
const cases = golden.cases as Case[];
const refusals = golden.refusals as Refusal[];

countTensors();

const arrays = { bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };
const host = ({ dtype, shape, data }: Values): HostTensor => ({ dtype, shape, data: arrays[dtype].from(data) });
const image = (...shape: number[]): HostTensor => {
  const data = Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => i);
  return { dtype: 'float32', shape, data };
};

function nextRand(): number[] {
  const copy = new Generator();
  copy.setState(defaultGenerator().getState());
  const out = new Float32Array(3);
  fillUniform(copy, out);
  return Array.from(out);
}

const makers: Record<string, (...args: any[]) => Transform> = {
  randomCrop,
  randomHorizontalFlip,
  randomVerticalFlip,
  centerCrop,
  normalize,
};
const float32 = (xs: number[]) => Array.from(Float32Array.from(xs));

describe("torchvision's results and draws", () => {
  test.each(
    cases.map((c) => [`${c.transform}(${JSON.stringify(c.args).slice(1, -1)}) of ${c.input.dtype} [${c.input.shape}]`, c] as const),
  )('%s', (_, c) => {
    const transform = makers[c.transform](...c.args);
    const x = host(c.input);
    const before = x.data.slice();
    manualSeed(c.seed);
    for (const output of c.outputs) {
      const y = transform(x);
      expect(y).toEqual(host(output));
      expect(x.data).toEqual(before);
    }
    expect(nextRand()).toEqual(float32(c.nextRand));
  });

  test('each of them, and images that were and were not flipped', () => {
    expect(new Set(cases.map((c) => c.transform))).toEqual(new Set(Object.keys(makers)));
    for (const name of ['randomHorizontalFlip', 'randomVerticalFlip']) {
      const [first] = cases.filter((c) => c.transform === name);
      expect(new Set(first.outputs.map((o) => String(o.data))).size).toBe(2);
    }
  });

  test('a generator of its own: the same draws, and the global one is left alone', () => {
    const c = cases.find((x) => x.transform === 'randomCrop') as Case;
    manualSeed(123);
    const before = getRngState();
    const transform = randomCrop(c.args[0] as number, { ...(c.args[1] as object), generator: new Generator(c.seed) });
    for (const output of c.outputs) expect(transform(host(c.input))).toEqual(host(output));
    const flip = randomHorizontalFlip({ generator: new Generator(0) });
    const flipped = cases.find((x) => x.transform === 'randomHorizontalFlip') as Case;
    for (const output of flipped.outputs) expect(flip(host(flipped.input))).toEqual(host(output));
    expect(getRngState()).toEqual(before);
  });
});

describe('in a DataLoader', () => {
  const transform = compose(randomCrop(3, { padding: 1 }), randomHorizontalFlip(), normalize(100, 50));
  const images = {
    length: 7,
    get: (i: number): [HostTensor, number] => {
      const { dtype, shape, data } = image(1, 4, 4);
      return [transform({ dtype, shape, data: Float32Array.from(data, (v) => v + 100 * i) }), i];
    },
  };

  test.each(golden.loaders as Loader[])("PyTorch's batches, draw for draw: shuffle $shuffle", async ({ seed, shuffle, passes }) => {
    manualSeed(seed);
    const loader = new DataLoader<[HostTensor, number], [Tensor, Tensor]>(images, { batchSize: 3, shuffle });
    for (const pass of passes) {
      let k = 0;
      for await (const [x, y] of loader) {
        const [ex, ey] = pass.batches[k++].map(host);
        expect([x.shape, await x.data()]).toEqual([ex.shape, ex.data]);
        expect(await y.data()).toEqual(ey.data);
      }
      expect(k).toBe(pass.batches.length);
      expect(nextRand()).toEqual(float32(pass.nextRand));
    }
  });

  test('gone on with in mid-pass, the crops and flips are the same, too', async () => {
    const { seed, passes } = golden.loaders[0] as Loader;
    manualSeed(seed);
    const build = () => new DataLoader<[HostTensor, number], [Tensor, Tensor]>(images, { batchSize: 3, shuffle: true });
    const first = build();
    for await (const _ of first) break;
    const state = JSON.parse(JSON.stringify(first.stateDict()));
    manualSeed(55);
    const second = build();
    second.loadStateDict(state);
    const seen: unknown[] = [];
    for (let p = 0; p < 2; p++) for await (const [x] of second) seen.push(await x.data());
    const rest = [...passes[0].batches.slice(1), ...passes[1].batches];
    expect(seen).toEqual(rest.map(([x]) => host(x).data));
  });
});

describe('refusals', () => {
  test.each(refusals)('$size of $shape, $options: PyTorch says "$pytorch"', async ({ size, shape, options }) => {
    const transform = randomCrop(size, options);
    const before = getRngState();
    const e = await failure(() => transform(image(...shape)));
    expect(e.name).toBe('ShapeError');
    expect(e.message).toMatch(
      /^\[randomCrop\] expected (an image of at least \d by \d pixels, padding included|'\w+' padding of at most \d pixels), got .*; pad /,
    );
    expect(getRngState()).toEqual(before);
  });

  const run = (t: Transform, x: HostTensor) => () => t(x);
  const ints: HostTensor = { dtype: 'int32', shape: [2, 2], data: new Int32Array(4) };
  const bools: HostTensor = { dtype: 'bool', shape: [2, 2], data: new Uint8Array(4) };
  test.each<[string, () => unknown, string, RegExp]>([
    ['no size', () => (randomCrop as any)(), 'ShapeError', /size to be a whole number >= 1, or 2 of them, got undefined/],
    ['a size of 0', () => randomCrop(0), 'ShapeError', /got 0/],
    ['three sizes', () => centerCrop([1, 2, 3]), 'ShapeError', /\[centerCrop\] .* got \[1, 2, 3\]/],
    ['half a pixel', () => centerCrop(1.5), 'ShapeError', /got 1.5/],
    [
      'negative padding',
      () => randomCrop(1, { padding: -1 }),
      'ShapeError',
      /padding to be a whole number >= 0, or 2 or 4 of them, got -1/,
    ],
    ['three paddings', () => randomCrop(1, { padding: [1, 2, 3] }), 'ShapeError', /got \[1, 2, 3\]/],
    [
      'another padding mode',
      () => randomCrop(1, { paddingMode: 'zeros' as any }),
      'KonvError',
      /'constant', 'edge', 'reflect', 'symmetric', got 'zeros'/,
    ],
    ['an option of another name', () => randomCrop(1, { padding_mode: 'edge' } as any), 'KonvError', /got padding_mode; write paddingMode/],
    ['options in a number', () => randomCrop(4, 4 as any), 'KonvError', /an object of options, got 4; write \{ padding: ... \}/],
    ['a fill for each channel', () => randomCrop(1, { fill: [1, 2, 3] as any }), 'KonvError', /fill to be a number, got object/],
    ['padIfNeeded 1', () => randomCrop(1, { padIfNeeded: 1 as any }), 'KonvError', /padIfNeeded to be true or false, got 1/],
    ['a generator that is a seed', () => randomCrop(1, { generator: 5 as any }), 'KonvError', /a Generator, got 5/],
    ['a p of 50', () => randomHorizontalFlip({ p: 50 }), 'KonvError', /\[randomHorizontalFlip\] expected p in \[0, 1\], got 50/],
    ['a p of NaN', () => randomVerticalFlip({ p: NaN }), 'KonvError', /\[randomVerticalFlip\] expected p in \[0, 1\], got NaN/],
    ['p by position', () => randomVerticalFlip(0.5 as any), 'KonvError', /an object of options, got 0.5; write \{ p: ... \}/],
    [
      'a list of transforms',
      () => compose([normalize(0, 1)] as any),
      'KonvError',
      /functions, got an array as number 0; write compose\(a, b\)/,
    ],
    ['an image of one axis', run(randomHorizontalFlip(), image(3)), 'ShapeError', /an image \[..., height, width\], got \[3\]/],
    ['a scalar', run(centerCrop(1), image()), 'ShapeError', /got \[\]/],
    ['a fraction into int32', run(randomCrop(1, { fill: 0.5 }), ints), 'DTypeError', /a fill that int32 can hold, got 0.5/],
    ['2 into bool', run(randomCrop(1, { fill: 2 }), bools), 'DTypeError', /a fill that bool can hold, got 2/],
    ['bytes to normalize', run(normalize(0, 1), ints), 'DTypeError', /a float32 sample, got int32/],
    ['a std that is 0 in float32', () => normalize(0, 1e-60), 'ShapeError', /stds other than 0/],
  ])('%s', async (_, act, name, message) => {
    const e = await failure(act);
    expect([e.name, e.message]).toEqual([name, expect.stringMatching(message)]);
  });
});

test('an image without pixels or planes', () => {
  expect(randomHorizontalFlip({ p: 1 })(image(0, 2, 3)).shape).toEqual([0, 2, 3]);
  expect(centerCrop(2)(image(1, 0, 0))).toEqual({ dtype: 'float32', shape: [1, 2, 2], data: new Float32Array(4) });
  expect(() => randomCrop(1, { padding: 1, paddingMode: 'edge' })(image(1, 0, 2))).toThrow(/padding of at most 0 pixels/);
});
