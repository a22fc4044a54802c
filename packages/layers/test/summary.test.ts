import { manualSeed, memory, rand, type Tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown } from './support.js';

const lenet = (): nn.Sequential =>
  new nn.Sequential({
    features: new nn.Sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(6, 16, 5),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
    ),
    flatten: new nn.Flatten(),
    head: new nn.Sequential(new nn.Linear(400, 120), new nn.ReLU(), new nn.Linear(120, 10)),
  });

class Branches extends nn.Module {
  conv = new nn.Conv2d(2, 2, 3, { padding: 1 });
  aux = new nn.Linear(3, 3);
  forward(x: Tensor): Tensor {
    const y = this.conv.forward(this.conv.forward(x));
    return nn.functional.conv2d(y, this.conv.weight);
  }
}

describe('summary', () => {
  it('tells shapes, parameters, multiply-adds and memory of each layer', () => {
    const s = nn.summary(lenet(), [2, 1, 28, 28]);
    expect(s.error).toBeNull();
    expect(s.rows.map((r) => r.path).slice(0, 5)).toEqual(['', 'features', 'features.0', 'features.1', 'features.2']);
    const at = (path: string) => s.rows.find((r) => r.path === path);
    expect(at('features.0')).toMatchObject({
      type: 'Conv2d',
      depth: 2,
      inputShapes: [[2, 1, 28, 28]],
      outputShapes: [[2, 6, 28, 28]],
      parameters: 156,
      multiplyAdds: 2 * 28 * 28 * 6 * 25,
      activationBytes: 4 * 2 * 6 * 28 * 28,
    });
    expect(at('head.0')).toMatchObject({ parameters: 48120, multiplyAdds: 2 * 400 * 120 });
    expect(s.parameters).toBe(156 + 2416 + 48120 + 1210);
    expect(s.parameterBytes).toBe(4 * s.parameters);
    expect(s.multiplyAdds).toBe(2 * (28 * 28 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 1200));
    expect(s.inputBytes).toBe(2 * 784 * 4);
    expect(s.notCalled).toEqual([]);
  });

  it('prints a tree', () => {
    const net = lenet();
    net.requiresGrad_(false);
    expect(String(nn.summary(net, [1, 1, 28, 28]))).toMatchInlineSnapshot(`
      "Layer                     Output shape     Parameters  Multiply-adds
      --------------------------------------------------------------------
      Sequential                [1, 10]                   -              -
      ├─ features (Sequential)  [1, 16, 5, 5]             -              -
      │  ├─ 0 (Conv2d)          [1, 6, 28, 28]          156        117,600
      │  ├─ 1 (ReLU)            [1, 6, 28, 28]            -              -
      │  ├─ 2 (MaxPool2d)       [1, 6, 14, 14]            -              -
      │  ├─ 3 (Conv2d)          [1, 16, 10, 10]       2,416        240,000
      │  ├─ 4 (ReLU)            [1, 16, 10, 10]           -              -
      │  └─ 5 (MaxPool2d)       [1, 16, 5, 5]             -              -
      ├─ flatten (Flatten)      [1, 400]                  -              -
      └─ head (Sequential)      [1, 10]                   -              -
         ├─ 0 (Linear)          [1, 120]             48,120         48,000
         ├─ 1 (ReLU)            [1, 120]                  -              -
         └─ 2 (Linear)          [1, 10]               1,210          1,200
      --------------------------------------------------------------------
      Parameters: 51,902 (0 trained, 51,902 frozen)
      Multiply-adds: 406,800
      Memory: parameters 202.7 KiB, input 3.1 KiB, results of a forward pass 62.5 KiB"
    `);
  });

  it('counts ops wherever they stand, a shared layer once, and names what is never called', () => {
    const s = nn.summary(new Branches(), [1, 2, 5, 5]);
    expect(s.rows.map((r) => [r.path, r.parameters, r.multiplyAdds, r.calledBefore])).toEqual([
      ['', 0, 9 * 36, 0],
      ['conv', 38, 25 * 36, 0],
      ['conv', 0, 25 * 36, 1],
    ]);
    expect(s.notCalled).toEqual(['aux']);
    expect(String(s)).toContain('Never called: aux');
    expect(String(s)).toContain('shared');
  });

  it('takes tensors, several inputs, and dtypes', () => {
    class Two extends nn.Module {
      fc = new nn.Linear(3, 2);
      forward(a: Tensor, b: Tensor): Tensor {
        return this.fc.forward(a.add(b));
      }
    }
    const s = nn.summary(new Two(), [[4, 3], rand([4, 3])]);
    expect(s.rows[0].inputShapes).toEqual([
      [4, 3],
      [4, 3],
    ]);
    class Dtype extends nn.Module {
      seen = '';
      forward(x: Tensor): Tensor {
        this.seen = x.dtype;
        return x;
      }
    }
    const d = new Dtype();
    nn.summary(d, [2], { dtype: 'int32' });
    expect(d.seen).toBe('int32');
    nn.summary(d, zeros([0]));
    expect(d.seen).toBe('float32');
  });

  it('shows a broken model up to the layer that fails', () => {
    const net = lenet();
    (net as unknown as { head: nn.Module }).head = new nn.Sequential(new nn.Linear(256, 120), new nn.ReLU());
    const s = nn.summary(net, [1, 1, 28, 28]);
    expect(s.rows.at(-1)).toMatchObject({ path: 'head.0', type: 'Linear', inputShapes: [[1, 400]], outputShapes: null });
    expect((s.error as Error).message).toMatch(/^head\.0 \(Linear\): \[linear\] expected .*256.*got .*400/);
    const text = String(s);
    expect(text).toContain('FAILED on [1, 400]');
    expect(text).toMatch(/Failed: head\.0 \(Linear\): \[linear\]/);
    expect(text).not.toContain('ReLU)\n');
  });

  it('leaves modes, random numbers and memory as they were', () => {
    const net = lenet();
    net.train();
    (net.at(0) as nn.Sequential).eval();
    manualSeed(3);
    const before = memory().tensors;
    nn.summary(net, [1, 1, 28, 28]);
    nn.summary(net, [1, 2, 28, 28]);
    expect(memory().tensors).toBe(before);
    expect([...net.modules()].map((m) => m.training)).toEqual([true, ...Array(7).fill(false), true, true, true, true, true]);
    const drawn = rand([3]);
    manualSeed(3);
    expect([...drawn.dataSync()]).toEqual([...rand([3]).dataSync()]);
  });

  it('refuses what is no module and no shape', () => {
    expect(thrown(() => nn.summary({} as never, [1])).message).toMatch(/expected a module, got object/);
    expect(thrown(() => nn.summary(lenet(), 28 as never)).message).toMatch(/expected the input's shape as a list, got number/);
    expect(thrown(() => nn.summary(lenet(), [1, -1])).message).toMatch(/expected .*-1/s);
    expect(thrown(() => nn.summary(lenet(), [1], { device: 'x' } as never)).message).toMatch(/device/);
  });
});
