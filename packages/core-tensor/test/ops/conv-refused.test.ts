import { cpuJs } from '@konv/backend-cpu-js';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type Backend,
  type ConvFamily,
  type ConvGeometry,
  conv2d,
  convBackward,
  convTranspose2d,
  internConv,
  registerBackend,
  type Tensor,
  tensor,
  useBackend,
  zeros,
} from '../../src/index.js';

/** What was asked of `supportsConv`, and which kernels ran. */
let asked: string[];
let ran: string[];

/** A backend whose convolutions have no groups: with groups its kernels throw. */
function withoutGroups(): Backend {
  const inner = cpuJs({ name: 'no groups' });
  const outer: Record<string, unknown> = {
    ...inner,
    supportsConv: (family: ConvFamily, g: ConvGeometry) => {
      asked.push(`${family} ${g.groups}`);
      return g.groups === 1;
    },
  };
  for (const family of ['conv', 'convGradInput', 'convGradWeight', 'convBackward'] as const) {
    outer[family] = (...args: unknown[]) => {
      const { groups } = args.find((a) => a !== null && typeof a === 'object' && 'groups' in a) as ConvGeometry;
      if (groups !== 1) throw new Error(`${family} with ${groups} groups`);
      ran.push(family);
      return (inner[family] as (...a: unknown[]) => void)(...args);
    };
  }
  return outer as unknown as Backend;
}

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % 11) - 5);
const values = async (t: Tensor | null): Promise<number[]> => Array.from((await t?.data()) ?? []);

beforeAll(() => {
  registerBackend(cpuJs({ name: 'all' }));
  registerBackend(withoutGroups());
});
beforeEach(() => {
  asked = [];
  ran = [];
});

/** A forward, a transposed convolution, and all gradients, with two groups or one. */
async function results(backend: string, groups: number): Promise<number[][]> {
  useBackend(backend);
  const x = tensor(count(100), { shape: [1, 4, 5, 5] });
  const weight = tensor(count((6 * 4 * 9) / groups), { shape: [6, 4 / groups, 3, 3] });
  const y = conv2d(x, weight, null, { groups });
  const back = convTranspose2d(y, weight, null, { groups });
  const geometry = internConv({
    rank: 2,
    batch: 1,
    inChannels: 4,
    outChannels: 6,
    groups,
    inSize: [1, 5, 5],
    outSize: [1, 3, 3],
    kernel: [1, 3, 3],
    stride: [1, 1, 1],
    dilation: [1, 1, 1],
    padLow: [0, 0, 0],
    padHigh: [0, 0, 0],
  });
  const [x5, w5, dy5] = [x.reshape([1, 4, 1, 5, 5]), weight.reshape([6, 4 / groups, 1, 3, 3]), y.reshape([1, 6, 1, 3, 3])];
  const { dx, dw, db } = convBackward(x5, w5, dy5, geometry, { dx: true, dw: true, db: true });
  return Promise.all([y, back, dx, dw, db].map(values));
}

it('decomposes a geometry that the backend refuses', async () => {
  const expected = await results('all', 2);
  expect(await results('no groups', 2)).toEqual(expected);
  expect(ran).toEqual([]);
  // The backward pass falls apart into its gradients, each of which is asked for.
  expect(asked).toEqual(['conv 2', 'convGradInput 2', 'convBackward 2', 'convGradInput 2', 'convGradWeight 2']);
});

it('runs the kernel where it does not', async () => {
  const expected = await results('all', 1);
  expect(await results('no groups', 1)).toEqual(expected);
  expect(ran).toEqual(['conv', 'convGradInput', 'convBackward']);
});

it('refused or not, nothing of nothing is computed', async () => {
  useBackend('no groups');
  expect(conv2d(zeros([0, 4, 5, 5]), zeros([6, 2, 3, 3]), null, { groups: 2 }).shape).toEqual([0, 6, 3, 3]);
  expect(ran).toEqual([]);
});
