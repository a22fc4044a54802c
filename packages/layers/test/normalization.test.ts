import '@konv/autograd';
import { gradgradcheck } from '@konv/autograd';
import { cpuJs } from '@konv/backend-cpu-js';
import { Generator, memory, ones, rand, randn, scope, type Tensor, tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown, values, withBackend } from './support.js';

const buffersOf = (m: nn.Module): Record<string, number[]> =>
  Object.fromEntries([...m.namedBuffers()].map(([name, t]) => [name, values(t)]));

describe('batch norm', () => {
  it('keeps its statistics past scopes, and many steps leave nothing', () => {
    for (const momentum of [0.1, null]) {
      const net = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4, { momentum }), new nn.ReLU());
      const step = (): void =>
        scope(() => {
          net
            .forward(rand([5, 3]))
            .sum()
            .backward();
          net.zeroGrad();
        });
      step();
      const before = memory();
      for (let i = 0; i < 299; i++) step();
      expect(memory()).toEqual(before);
      const bn = net.at(1) as nn.BatchNorm1d;
      expect(values(bn.num_batches_tracked as Tensor)).toEqual([300]);
      net.eval();
      expect(net.forward(rand([1, 3])).shape).toEqual([1, 4]);
    }
  });
  it('momentum null: the plain average of all batches', () => {
    const bn = new nn.BatchNorm1d(1, { momentum: null });
    const batches = [
      [1, 3],
      [2, 6],
      [10, 20],
    ];
    for (const b of batches) bn.forward(tensor(b, { shape: [2, 1] }));
    // Means 2, 4, 15; unbiased variances 2, 8, 50.
    expect(values(bn.running_mean as Tensor)[0]).toBeCloseTo(7, 5);
    expect(values(bn.running_var as Tensor)[0]).toBeCloseTo(20, 4);
  });
  it('evaluation changes nothing, training after it goes on', () => {
    const bn = new nn.BatchNorm2d(2);
    bn.forward(rand([3, 2, 2, 2]));
    const before = buffersOf(bn);
    bn.eval();
    bn.forward(rand([3, 2, 2, 2]));
    expect(buffersOf(bn)).toEqual(before);
    bn.train();
    bn.forward(rand([3, 2, 2, 2]));
    expect(buffersOf(bn)['num_batches_tracked']).toEqual([2]);
    bn.resetRunningStats();
    expect(buffersOf(bn)).toEqual({ running_mean: [0, 0], running_var: [1, 1], num_batches_tracked: [0] });
  });
  it('a constant channel has variance 0, never less', () => {
    const bn = new nn.BatchNorm1d(1, { momentum: null, eps: 1e-12 });
    for (const c of [3, 1e-3, 12345.678]) {
      bn.resetRunningStats();
      bn.forward(tensor([c, c, c], { shape: [3, 1] }));
      expect(values(bn.running_var as Tensor)[0]).toBeGreaterThanOrEqual(0);
    }
  });
  it('changes nothing when forward throws', () => {
    const bn = new nn.BatchNorm1d(2);
    bn.forward(rand([3, 2]));
    const before = buffersOf(bn);
    const live = memory().tensors;
    const refused: [Tensor, RegExp][] = [
      [rand([1, 2]), /^BatchNorm1d: \[batchNorm\] expected more than one value per channel in training, got input \[1, 2\]/],
      [rand([4, 3]), /^BatchNorm1d: \[BatchNorm1d\] expected 2 channels, got 3/],
      [rand([4, 2, 3, 3]), /expected input \[batch, channels\] or \[batch, channels, length\], got \[4, 2, 3, 3\]; use BatchNorm2d/],
      [ones([3, 2], { dtype: 'int32' }), /expected a float input, got int32/],
    ];
    for (const [x, message] of refused) {
      expect(thrown(() => bn.forward(x)).message).toMatch(message);
      x.dispose();
    }
    expect(buffersOf(bn)).toEqual(before);
    expect(memory().tensors).toBe(live);
  });
  it('changes nothing when memory runs out in the middle', async () => {
    const full = cpuJs({ name: 'small', maxTotalBytes: 20_000 });
    await withBackend(full, async (name) => {
      const bn = new nn.BatchNorm1d(40, { backend: name, momentum: null });
      const x = rand([10, 40], { backend: name });
      const before = buffersOf(bn);
      let room = 20_000;
      let refusals = 0;
      // Ever less room: at some sizes forward fails early, at others in its last steps.
      for (;;) {
        const filler: Tensor[] = [];
        room -= 64;
        if (room < 3000) break;
        const take = 20_000 - full.memory().bytes - room;
        if (take > 0) filler.push(ones([Math.floor(take / 4)], { backend: name }));
        try {
          scope(() => void bn.forward(x));
          bn.resetRunningStats();
        } catch {
          refusals++;
          expect(buffersOf(bn)).toEqual(before);
        }
        for (const f of filler) f.dispose();
      }
      expect(refusals).toBeGreaterThan(0);
      x.dispose();
      bn.dispose();
    });
  });
  it('moves and changes its dtype with its buffers, whole numbers but for the count', async () => {
    const bn = new nn.BatchNorm1d(2);
    bn.forward(rand([3, 2]));
    const before = buffersOf(bn);
    await withBackend(cpuJs({ name: 'other' }), async (name) => {
      await bn.to(name);
      expect([...bn.buffers()].map((b) => b.backend)).toEqual([name, name, name]);
      expect(buffersOf(bn)).toEqual(before);
      await bn.to('cpu-js');
    });
    await bn.double();
    expect([...bn.buffers()].map((b) => b.dtype)).toEqual(['float64', 'float64', 'int32']);
    const y = bn.forward(rand([3, 2], { dtype: 'float64' }));
    expect(y.dtype).toBe('float64');
    expect(values(bn.num_batches_tracked as Tensor)).toEqual([2]);
    await bn.float();
    expect([...bn.buffers()].map((b) => b.dtype)).toEqual(['float32', 'float32', 'int32']);
  });
  it('loads a count as files hold it: int64 is read as int32', () => {
    const bn = new nn.BatchNorm1d(1, { affine: false });
    const state = {
      running_mean: tensor([1.5]),
      running_var: tensor([2.5]),
      num_batches_tracked: tensor(77, { dtype: 'int32' }),
    };
    bn.loadStateDict(state);
    expect(buffersOf(bn)).toEqual({ running_mean: [1.5], running_var: [2.5], num_batches_tracked: [77] });
    expect(thrown(() => bn.loadStateDict({ ...state, num_batches_tracked: tensor(77) })).message).toMatch(
      /dtype mismatch for num_batches_tracked: copying float32 from checkpoint, the dtype in current model is int32/,
    );
  });
  it('without running statistics evaluation normalises by the batch', () => {
    const bn = new nn.BatchNorm1d(2, { trackRunningStats: false, affine: false });
    const x = rand([4, 2]);
    const y = values(bn.forward(x));
    bn.eval();
    expect(values(bn.forward(x))).toEqual(y);
    expect(Object.keys(bn.stateDict())).toEqual([]);
  });
});

describe('constructors refuse', () => {
  it.each<[string, () => nn.Module, RegExp]>([
    ['snake case', () => new nn.BatchNorm2d(3, { track_running_stats: true } as never), /got track_running_stats; write trackRunningStats/],
    ['a momentum above 1', () => new nn.BatchNorm2d(3, { momentum: 2 }), /momentum to be in \[0, 1\]/],
    ['a negative eps', () => new nn.LayerNorm(3, { eps: -1 }), /eps to be a number >= 0, got -1/],
    ['no channels', () => new nn.BatchNorm1d(0), /numFeatures to be a whole number >= 1, got 0/],
    ['no axes', () => new nn.LayerNorm([]), /at least one axis, got \[\]/],
    ['groups that do not divide', () => new nn.GroupNorm(3, 4), /divisible by numGroups 3, got 4/],
    ['a flag that is none', () => new nn.InstanceNorm2d(3, { affine: 1 as never }), /affine to be true or false, got 1/],
  ])('%s', (_, build, message) => {
    const before = memory().tensors;
    expect(thrown(build).message).toMatch(message);
    expect(memory().tensors).toBe(before);
  });
});

describe('instance norm', () => {
  it('running statistics: a failure changes none, and steps leave nothing', () => {
    const layer = new nn.InstanceNorm1d(2, { trackRunningStats: true, affine: true });
    const step = (): void =>
      scope(() => {
        layer
          .forward(rand([3, 2, 4]))
          .sum()
          .backward();
        layer.zeroGrad();
      });
    step();
    const before = memory();
    for (let i = 0; i < 50; i++) step();
    expect(memory()).toEqual(before);
    const buffers = buffersOf(layer);
    expect(thrown(() => layer.forward(rand([3, 2, 1]))).message).toMatch(/expected more than one position per channel/);
    expect(thrown(() => layer.forward(rand([3, 4, 4]))).name).toBe('ShapeError');
    expect(buffersOf(layer)).toEqual(buffers);
  });
});

describe('second derivatives', () => {
  const generator = new Generator(5);
  const options = { dtype: 'float64' } as const;
  it.each<[string, nn.Module, number[]]>([
    ['LayerNorm', new nn.LayerNorm([3, 2], options), [2, 3, 2]],
    ['GroupNorm', new nn.GroupNorm(2, 4, options), [2, 4, 2]],
    ['InstanceNorm1d', new nn.InstanceNorm1d(2, { ...options, affine: true }), [2, 2, 3]],
    ['BatchNorm1d', new nn.BatchNorm1d(2, options), [4, 2]],
    ['BatchNorm1d in evaluation', new nn.BatchNorm1d(2, options).eval(), [3, 2]],
  ])('%s', async (_, layer, shape) => {
    const x = randn(shape, { ...options, generator, requiresGrad: true });
    await gradgradcheck(() => layer.forward(x), [x, ...layer.parameters()]);
  });
});
