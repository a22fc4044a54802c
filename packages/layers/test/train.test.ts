import '@konv/autograd';
import { readFileSync } from 'node:fs';
import { manualSeed, noGrad, ones, rand, scope, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { tensors, values } from './support.js';

interface Fixture {
  initialWeight: { data: number[] };
  losses: number[];
  lossLines: string[];
  weights: [number, number][];
  finalWeightText: string;
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('./fixtures/article.json', import.meta.url), 'utf8'));

function corr2d(x: Tensor, k: Tensor): Tensor {
  const [h, w] = k.shape;
  const y = zeros([x.shape[0] - h + 1, x.shape[1] - w + 1]);
  for (let i = 0; i < y.shape[0]; i++) {
    for (let j = 0; j < y.shape[1]; j++)
      y.set_(
        [i, j],
        x
          .slice([i, i + h], [j, j + w])
          .mul(k)
          .sum(),
      );
  }
  return y;
}

/** The user's own layer: nothing of ours computes in it. */
class MyConv2d extends nn.Module {
  weight: nn.Parameter;
  bias: nn.Parameter;
  constructor(kernelSize: [number, number]) {
    super();
    this.weight = new nn.Parameter(rand(kernelSize));
    this.bias = new nn.Parameter(zeros([1]));
  }
  forward(x: Tensor) {
    return corr2d(x, this.weight).add(this.bias);
  }
}

const image = ones([6, 8]);
image.slice(null, [2, 6]).zero_();
const edges = corr2d(image, tensor([[1, -1]]));

describe('the kernel [1, -1] is learned from the image and its edges', () => {
  it("by nn.Conv2d, with PyTorch's very losses and weights", () => {
    manualSeed(0);
    const conv = new nn.Conv2d(1, 1, [1, 2], { bias: false });
    expect(values(conv.weight)).toEqual(fixture.initialWeight.data.map(Math.fround));
    const [x, y] = [image.reshape([1, 1, 6, 8]), edges.reshape([1, 1, 6, 7])];
    const lines: string[] = [];
    for (let i = 0; i < 10; i++) {
      scope(() => {
        const loss = conv.forward(x).sub(y).square().sum();
        conv.zeroGrad();
        loss.backward();
        noGrad(() => conv.weight.sub_((conv.weight.grad as Tensor).mul(3e-2)));
        lines.push(`epoch ${i + 1}, loss ${loss.itemSync().toFixed(3)}`);
      });
      values(conv.weight).forEach((v, j) => expect(v).toBeCloseTo(fixture.weights[i][j], 5));
    }
    expect(lines).toEqual(fixture.lossLines);
    expect(String(conv.weight.detach().reshape([1, 2]))).toBe(fixture.finalWeightText);
  });
  it("by the user's own module through corr2d and set_, step by step the same", () => {
    const mine = new MyConv2d([1, 2]);
    noGrad(() => mine.weight.copy_(tensor([fixture.initialWeight.data])));
    for (let i = 0; i < 10; i++) {
      scope(() => {
        const loss = mine.forward(image).sub(edges).square().sum();
        mine.zeroGrad();
        loss.backward();
        noGrad(() => mine.weight.sub_((mine.weight.grad as Tensor).mul(3e-2)));
        expect(loss.itemSync()).toBeCloseTo(fixture.losses[i], 4);
      });
      values(mine.weight).forEach((v, j) => expect(v).toBeCloseTo(fixture.weights[i][j], 5));
    }
    expect(mine.bias.grad).not.toBe(null);
    expect(Object.keys(mine.stateDict())).toEqual(['weight', 'bias']);
  });
});

describe('training', () => {
  it('leaves the memory where it was, over 50 steps in scopes', () => {
    const net = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(18, 3));
    const loss = new nn.CrossEntropyLoss();
    const x = rand([4, 1, 8, 8]);
    const targets = tensor([0, 1, 2, 0], { dtype: 'int32' });
    const first: number[] = [];
    const step = (): number =>
      scope(() => {
        const value = loss.forward(net.forward(x), targets);
        net.zeroGrad();
        value.backward();
        noGrad(() => {
          for (const p of net.parameters()) p.sub_((p.grad as Tensor).mul(0.5));
        });
        return value.itemSync();
      });
    first.push(step());
    const before = tensors();
    for (let i = 0; i < 50; i++) first.push(step());
    expect(tensors()).toBe(before);
    expect(first[50]).toBeLessThan(first[0] / 2);
  });
  it('a frozen layer gets no gradient', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    net.at(0).requiresGrad_(false);
    net
      .forward(ones([1, 2]))
      .sum()
      .backward();
    expect([...net.parameters()].map((p) => p.grad !== null)).toEqual([false, false, true, true]);
  });
});
