import { cpuJs } from '@konv/backend-cpu-js';
import { manualSeed, Parameter, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { Conv2d, CrossEntropyLoss, Linear, type Module, ReLU, Sequential } from '../src/index.js';
import { Holder, tensors, thrown, values, withBackend } from './support.js';

const net = (): Sequential => new Sequential(new Conv2d(1, 2, 3), new ReLU(), new Linear(4, 3));
const all = (m: Module): number[][] => Object.values(m.stateDict()).map(values);

/** A backend that cannot be read at once. */
const asynchronous = (name: string) => {
  const { readSync: _, ...rest } = cpuJs({ name });
  return { ...rest, capabilities: { ...rest.capabilities, syncRead: false } };
};

describe('state dicts', () => {
  it('go round', () => {
    manualSeed(1);
    const a = net();
    const b = net();
    const identities = [...b.parameters()];
    expect(all(b)).not.toEqual(all(a));
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(all(b)).toEqual(all(a));
    expect([...b.parameters()]).toEqual(identities);
    expect(identities.every((p) => p.requiresGrad && p.isLeaf && p.grad === null)).toBe(true);
    // Values were copied, not shared.
    a.at(2).apply((m) => (m as Linear).weight.detach().zero_());
    expect(all(b)).not.toEqual(all(a));
  });
  it('share storage with the module and are detached', () => {
    const layer = new Linear(1, 1);
    const { weight } = layer.stateDict();
    expect(weight).not.toBe(layer.weight);
    expect(weight.requiresGrad).toBe(false);
    layer.weight.detach().fill_(7);
    expect(values(weight)).toEqual([7]);
  });
  it('load their own module, and one whose entries are exchanged', () => {
    class Pair extends Holder {
      a = new Parameter(tensor([1, 2]));
      b = new Parameter(tensor([3, 4]));
    }
    const pair = new Pair();
    pair.loadStateDict(pair.stateDict());
    expect(all(pair)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const { a, b } = pair.stateDict();
    pair.loadStateDict({ a: b, b: a });
    expect(all(pair)).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });
  it('convert dtypes on the way', () => {
    const layer = new Linear(2, 1, { bias: false });
    layer.loadStateDict({ weight: tensor([[1, 2]], { dtype: 'float64' }) });
    expect(values(layer.weight)).toEqual([1, 2]);
    layer.loadStateDict({ weight: tensor([[3, 4]], { dtype: 'int32' }) });
    expect([layer.weight.dtype, ...values(layer.weight)]).toEqual(['float32', 3, 4]);
  });
  it("hold the weights of a loss, as PyTorch's do", () => {
    const loss = new CrossEntropyLoss({ weight: tensor([1, 2]) });
    expect(Object.keys(loss.stateDict())).toEqual(['weight']);
    expect(Object.keys(new CrossEntropyLoss().stateDict())).toEqual([]);
    loss.loadStateDict({ weight: tensor([3, 4]) });
    expect(values(loss.weight as Tensor)).toEqual([3, 4]);
  });
  it('leave no tensor behind', () => {
    const [a, b] = [net(), net()];
    const state = a.stateDict();
    const before = tensors();
    b.loadStateDict(state);
    b.loadStateDict({ ...state, '2.bias': state['2.bias'].cast('float64') }, { strict: false });
    expect(tensors()).toBe(before + 1);
  });
});

describe('a state dict that does not fit changes nothing', () => {
  const cases: [string, (s: Record<string, any>) => void, string, RegExp[]][] = [
    ['a missing key', (s) => delete s['2.bias'], 'KonvError', [/Missing key\(s\) in state_dict: "2\.bias"\./, /strict: false/]],
    [
      'an unexpected key',
      (s) => {
        s['extra'] = zeros([1]);
      },
      'KonvError',
      [/Unexpected key\(s\) in state_dict: "extra"\./, /strict: false/],
    ],
    [
      'a shape',
      (s) => {
        s['0.weight'] = zeros([2, 1, 3, 4]);
      },
      'ShapeError',
      [
        /size mismatch for 0\.weight: copying a param with shape \[2, 1, 3, 4\] from checkpoint, the shape in current model is \[2, 1, 3, 3\]\./,
      ],
    ],
    [
      'the same number of elements',
      (s) => {
        s['0.weight'] = zeros([2, 9]);
      },
      'ShapeError',
      [/size mismatch for 0\.weight/],
    ],
    [
      'no tensor',
      (s) => {
        s['0.bias'] = [1, 2];
      },
      'KonvError',
      [/wrong value for 0\.bias: expected a tensor, got object/],
    ],
    [
      'a freed tensor',
      (s) => {
        s['0.bias'] = zeros([2]);
        s['0.bias'].dispose();
      },
      'KonvError',
      [/0\.bias: expected a live tensor, got one that was freed by dispose\(\)/],
    ],
    [
      'everything at once',
      (s) => {
        delete s['0.bias'];
        s['x'] = zeros([1]);
        s['0.weight'] = zeros([1]);
        s['2.weight'] = zeros([1]);
      },
      'ShapeError',
      [
        /Error\(s\) in loading state_dict for Sequential:\n\tMissing key.*"0\.bias"\.\n\tUnexpected key.*"x"\.\n\tsize mismatch for 0\.weight.*\n\tsize mismatch for 2\.weight/,
        /Nothing was changed/,
      ],
    ],
  ];
  it.each(cases)('%s', (_, spoil, name, messages) => {
    const module = net();
    const before = all(module);
    const state: Record<string, Tensor> = {};
    for (const [key, t] of Object.entries(module.stateDict())) state[key] = t.add(1);
    spoil(state);
    const e = thrown(() => module.loadStateDict(state));
    expect(e.name).toBe(name);
    for (const message of messages) expect(e.message).toMatch(message);
    expect(all(module)).toEqual(before);
  });
  it('floats for whole numbers', () => {
    const module = new Holder();
    module.registerBuffer('count', tensor([1], { dtype: 'int32' }));
    expect(thrown(() => module.loadStateDict({ count: tensor([0.5]) })).message).toMatch(
      /dtype mismatch for count: copying float32 .* int32/,
    );
  });
  it.each([
    [null, /got null/],
    [3, /got number/],
    [tensor([1]), /got a tensor/],
  ])('%s is no state dict', (state, message) => {
    expect(thrown(() => net().loadStateDict(state as never)).message).toMatch(message);
  });
  it('strict: false passes over keys, but not over shapes', () => {
    const module = net();
    const state = { '2.bias': tensor([1, 2, 3]), other: zeros([1]) };
    expect(module.loadStateDict(state, { strict: false })).toEqual({
      missingKeys: ['0.weight', '0.bias', '2.weight'],
      unexpectedKeys: ['other'],
    });
    expect(values((module.at(2) as Linear).bias as Tensor)).toEqual([1, 2, 3]);
    expect(thrown(() => module.loadStateDict({ '2.bias': zeros([4]) }, { strict: false })).name).toBe('ShapeError');
  });
});

describe('a state dict on another backend', () => {
  it('is read where that goes at once', async () => {
    await withBackend(cpuJs({ name: 'other' }), async (name) => {
      const weight = tensor([[5, 6]], { backend: name });
      const layer = new Linear(2, 1, { bias: false });
      layer.loadStateDict({ weight });
      expect([layer.weight.backend, ...values(layer.weight)]).toEqual(['cpu-js', 5, 6]);
      weight.dispose();
    });
  });
  it('is refused with the way out where it does not', async () => {
    await withBackend(asynchronous('slow'), async (name) => {
      const weight = tensor([[5, 6]], { backend: name });
      const layer = new Linear(2, 1, { bias: false });
      const before = all(layer);
      const e = thrown(() => layer.loadStateDict({ weight }));
      expect(e.name).toBe('BackendError');
      expect(e.message).toMatch(/on "slow".*await value\.to\("cpu-js"\)/);
      expect(all(layer)).toEqual(before);
      layer.loadStateDict({ weight: await weight.to('cpu-js') });
      expect(values(layer.weight)).toEqual([5, 6]);
      weight.dispose();
    });
  });
});
