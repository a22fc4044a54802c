import '@konv/autograd';
import { manualSeed, memory, Parameter, rand, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { Holder, thrown, values } from './support.js';

const keys = (m: nn.Module): string[] => Object.keys(m.stateDict());
const kinds = (m: Iterable<nn.Module>): string[] => [...m].map((x) => x.constructor.name);

describe.each([
  ['ModuleList', (...m: nn.Module[]) => new nn.ModuleList(m)],
  ['Sequential', (...m: nn.Module[]) => new nn.Sequential(...m)],
] as const)('%s', (name, make) => {
  it('appends, extends and inserts, under the keys 0, 1, ...', () => {
    const list = make(new nn.Linear(1, 1));
    expect(list.append(new nn.ReLU()).extend([new nn.Tanh(), new nn.PReLU()])).toBe(list);
    expect(kinds(list)).toEqual(['Linear', 'ReLU', 'Tanh', 'PReLU']);
    expect(list.insert(0, new nn.Sigmoid())).toBe(list);
    list.insert(-1, new nn.Identity());
    list.insert(list.length, new nn.Flatten());
    expect(kinds(list)).toEqual(['Sigmoid', 'Linear', 'ReLU', 'Tanh', 'Identity', 'PReLU', 'Flatten']);
    expect([...list.namedChildren()].map(([key]) => key)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(keys(list)).toEqual(['1.weight', '1.bias', '5.weight']);
    expect(list.at(-1)).toBe([...list][6]);
    expect(list.length).toBe(7);
    list.extend(list);
    expect(list.length).toBe(14);
  });
  it('refuses what is no module, and positions beyond the ends, and stays as it was', () => {
    const list = make(new nn.ReLU());
    const cases: [() => unknown, RegExp][] = [
      [() => list.append(3 as never), /expected a module at "1", got a number/],
      [() => list.append(nn.ReLU as never), /got a function; write a Module around it, or call new for a class/],
      [() => list.extend([new nn.Tanh(), null as never]), /expected a module at "2", got null/],
      [() => list.extend(new nn.Tanh() as never), /expected a list of modules, got a Tanh/],
      [() => list.insert(3, new nn.Tanh()), /expected a position among 1 modules, got 3/],
      [() => list.insert(-2, new nn.Tanh()), /expected a position among 1 modules, got -2/],
      [() => list.insert(0, {} as never), /expected a module at "0", got an object/],
      [() => list.at(1), /expected a position among 1 modules, got 1/],
      [() => make([new nn.ReLU()] as never), /expected a module at "0", got an array; spread it/],
    ];
    for (const [call, message] of cases) expect(thrown(call).message).toMatch(message);
    expect(kinds(list)).toEqual(['ReLU']);
    expect(thrown(() => list.append(undefined as never)).message.startsWith(`[${name}] expected`)).toBe(true);
  });
});

describe('Sequential', () => {
  it('with names: appended ones have numbers, insertion is refused', () => {
    const net = new nn.Sequential({ act: new nn.ReLU(), fc: new nn.Linear(1, 1) });
    net.append(new nn.Tanh());
    expect([...net.namedChildren()].map(([key]) => key).sort()).toEqual(['2', 'act', 'fc']);
    expect(thrown(() => net.insert(0, new nn.Tanh())).message).toMatch(/expected numbered modules, got one named "act"/);
  });
  it('runs what was inserted where it stands', () => {
    const net = new nn.Sequential(new nn.ReLU());
    class Negate extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.neg();
      }
    }
    net.insert(0, new Negate());
    expect(values(net.forward(tensor([-1, 2])))).toEqual([1, 0]);
  });
});

describe('ModuleList', () => {
  it('is trained, moved and saved with its module; the calls are written out', () => {
    class Net extends nn.Module {
      blocks = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
      forward(x: Tensor): Tensor {
        let y = x;
        for (const block of this.blocks) y = block.forward(y);
        return y;
      }
    }
    const net = new Net();
    expect(keys(net)).toEqual(['blocks.0.weight', 'blocks.0.bias', 'blocks.1.weight', 'blocks.1.bias']);
    net
      .forward(rand([3, 2]))
      .sum()
      .backward();
    expect([...net.parameters()].every((p) => p.grad !== null)).toBe(true);
    expect(net.eval().blocks.at(1).training).toBe(false);
    expect(thrown(() => net.blocks.forward()).message).toMatch(
      /^ModuleList: \[forward\] expected a module with a computation, got a ModuleList/,
    );
    // An error in a block is named by its path.
    expect(thrown(() => net.forward(rand([3, 5]))).message).toMatch(/^blocks\.0 \(Linear\): \[linear\]/);
  });
  it('sets and pops; what is behind moves up', () => {
    const list = new nn.ModuleList([new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()]);
    list.set(-1, new nn.Identity());
    expect(kinds([list.pop(0)])).toEqual(['ReLU']);
    expect(kinds(list)).toEqual(['Tanh', 'Identity']);
    expect([...list.namedChildren()].map(([key]) => key)).toEqual(['0', '1']);
    list.pop();
    list.pop();
    expect(thrown(() => list.pop()).message).toMatch(/expected a position among 0 modules, got -1/);
  });
  it('a plain array is refused, and the error names the ModuleList', () => {
    class Net extends Holder {
      layers = [new nn.ReLU()];
    }
    expect(thrown(() => [...new Net().parameters()]).message).toMatch(/hold the modules in a ModuleList or a Sequential/);
  });
});

describe('ModuleDict', () => {
  it('holds modules by name, in the order in which they came', () => {
    const heads = new nn.ModuleDict({ b: new nn.Linear(1, 1), a: new nn.ReLU() });
    heads.set('c', new nn.Tanh()).set('a', new nn.Sigmoid());
    expect([...heads]).toEqual(['b', 'a', 'c']);
    expect(kinds(heads.values())).toEqual(['Linear', 'Sigmoid', 'Tanh']);
    expect(keys(heads)).toEqual(['b.weight', 'b.bias']);
    expect([heads.has('a'), heads.has('forward'), heads.has('x'), heads.length]).toEqual([true, false, false, 3]);
    expect(kinds([heads.pop('a')])).toEqual(['Sigmoid']);
    heads.update(new nn.ModuleDict({ z: new nn.Flatten() })).update({ b: new nn.ReLU() });
    expect([...heads.items()].map(([k, m]) => `${k} ${m.constructor.name}`)).toEqual(['b ReLU', 'c Tanh', 'z Flatten']);
    heads.clear();
    expect([...heads.keys()]).toEqual([]);
  });
  it('refuses names that are taken, and all of a record where one does not fit', () => {
    const dict = new nn.ModuleDict({ a: new nn.ReLU() });
    const relu = new nn.ReLU();
    const cases: [() => unknown, RegExp][] = [
      [() => dict.set('train', relu), /expected a free name, got "train", which ModuleDict has already/],
      [() => dict.set('keys', relu), /got "keys"/],
      [() => dict.set('a.b', relu), /expected names without dots, got "a\.b"/],
      [() => dict.update({ x: relu, training: relu }), /got "training"/],
      [() => dict.update({ x: 3 as never }), /expected a module at "x", got a number/],
      [() => dict.update([relu] as never), /expected a record of modules, got an array \(for a list there is ModuleList\)/],
      [() => dict.update(relu as never), /got a ReLU/],
      [() => dict.get('x'), /expected one of the names "a", got "x"/],
      [() => dict.pop('toString'), /got "toString"/],
      [() => dict.forward(), /got a ModuleDict/],
    ];
    for (const [call, message] of cases) expect(thrown(call).message).toMatch(message);
    expect([...dict]).toEqual(['a']);
  });
});

describe('ParameterList and ParameterDict', () => {
  it('are found, saved and printed as in PyTorch', () => {
    const list = new nn.ParameterList([new Parameter(zeros([2, 3])), zeros([4])]);
    expect(keys(list)).toEqual(['0', '1']);
    expect(String(list)).toBe(
      'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Parameter containing: [torch.float32 of size 4]\n)',
    );
    expect(String(new nn.ParameterList([zeros([2, 3])]))).toBe('ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])');
    expect(String(new nn.ParameterList())).toBe('ParameterList()');
    expect(list.at(-1).requiresGrad).toBe(true);
    list.append(zeros([1])).set(0, zeros([5]));
    expect([...list].map((p) => p.size)).toEqual([5, 4, 1]);
    const dict = new nn.ParameterDict({ x: zeros([2]), s: zeros([1]) });
    expect([...dict.keys()]).toEqual(['s', 'x']);
    expect(String(dict)).toBe(
      'ParameterDict(\n    (s): Parameter containing: [torch.FloatTensor of size 1]\n    (x): Parameter containing: [torch.FloatTensor of size 2]\n)',
    );
    dict.set('a', zeros([3]));
    expect(keys(dict)).toEqual(['s', 'x', 'a']);
    expect(dict.pop('x').size).toBe(2);
    expect([...dict.items()].map(([k, p]) => `${k} ${p.size}`)).toEqual(['s 1', 'a 3']);
    expect([dict.has('a'), dict.has('x'), dict.length, list.length]).toEqual([true, false, 2, 3]);
  });
  it('refuse other values', () => {
    const list = new nn.ParameterList();
    const dict = new nn.ParameterDict();
    expect(thrown(() => list.append(3 as never)).message).toMatch(/expected a Parameter or a tensor at "0", got number/);
    expect(thrown(() => list.extend([zeros([1]), 'x' as never])).message).toMatch(/at "1"|at "0"/);
    expect(thrown(() => list.extend(zeros([2]) as never)).message).toMatch(/expected a list of parameters, got a tensor/);
    expect(thrown(() => dict.set('train', zeros([1]))).message).toMatch(/expected a free name, got "train"/);
    expect(thrown(() => dict.update({ a: zeros([1]), b: null as never })).message).toMatch(/at "b", got null/);
    expect(thrown(() => dict.get('a')).message).toMatch(/expected one of the names \(none yet\), got "a"/);
    expect(thrown(() => list.forward()).message).toMatch(/got a ParameterList/);
    expect(thrown(() => list.at(0)).message).toMatch(/among 0 parameters, got 0/);
    expect([list.length, dict.length]).toEqual([0, 0]);
  });
});

describe('Embedding', () => {
  const ids = (...v: number[]): Tensor => tensor(v, { dtype: 'int32' });
  it('fromPretrained takes the table over, frozen unless asked otherwise, and draws nothing', () => {
    manualSeed(1);
    const next = values(rand([1]));
    manualSeed(1);
    const table = rand([3, 2]);
    manualSeed(1);
    const frozen = nn.Embedding.fromPretrained(table);
    expect(frozen.weight.requiresGrad).toBe(false);
    expect(frozen.forward(ids(2, 0)).requiresGrad).toBe(false);
    expect(values(frozen.forward(ids(2)))).toEqual(values(table).slice(4));
    const trained = nn.Embedding.fromPretrained(table, { freeze: false, paddingIdx: 0 });
    // Padding is read as it was given, and gets no gradient.
    trained
      .forward(ids(0, 1, 1))
      .sum()
      .backward();
    expect(values(trained.forward(ids(0)))).toEqual(values(table).slice(0, 2));
    expect(values(trained.weight.grad as Tensor)).toEqual([0, 0, 2, 2, 0, 0]);
    expect(values(rand([1]))).toEqual(next);
    expect(String(trained)).toBe('Embedding(3, 2, padding_idx=0)');
    expect(thrown(() => nn.Embedding.fromPretrained(rand([3]))).message).toMatch(
      /expected a table \[numEmbeddings, embeddingDim\], got \[3\]/,
    );
    expect(thrown(() => nn.Embedding.fromPretrained(table, { paddingIdx: 3 })).name).toBe('ShapeError');
  });
  it('refuses bad options, and names what PyTorch has and konv has not', () => {
    const refused: [object, RegExp][] = [
      [{ maxNorm: 0 }, /^\[Embedding\] expected maxNorm to be a number > 0 or null, got 0/],
      [{ normType: '2' }, /expected normType to be a number, got 2/],
      [{ scaleGradByFreq: 1 }, /expected scaleGradByFreq to be true or false, got 1/],
      [{ sparse: true }, /expected no sparse, got true: gradients are dense/],
      [{ padding_idx: 1 }, /got padding_idx; write paddingIdx/],
    ];
    for (const [options, message] of refused) expect(thrown(() => new nn.Embedding(3, 2, options as object)).message).toMatch(message);
    expect(thrown(() => nn.Embedding.fromPretrained(rand([3, 2]), { sparse: false } as object)).message).toMatch(/expected no sparse/);
  });
  it('maxNorm shortens the rows that are read and too long, for good, and no others', () => {
    const layer = nn.Embedding.fromPretrained(tensor([3, 4, 6, 8, 0.3, 0.4, 30, 40], { shape: [4, 2] }), { freeze: false, maxNorm: 1 });
    const before = memory().tensors;
    const y = layer.forward(ids(1, 2, 1));
    expect(memory().tensors).toBe(before + 2);
    y.sum().backward();
    const expected = [3, 4, 0.6, 0.8, 0.3, 0.4, 30, 40];
    values(layer.weight).forEach((v, i) => expect(v).toBeCloseTo(expected[i], 5));
    expect(values(y)).toEqual([1, 2, 1].flatMap((row) => values(layer.weight).slice(2 * row, 2 * row + 2)));
    expect(values(layer.weight.grad as Tensor)).toEqual([0, 0, 2, 2, 1, 1, 0, 0]);
  });
  it('scaleGradByFreq leaves values alone, infinite ones too', () => {
    const layer = nn.Embedding.fromPretrained(tensor([1, Number.POSITIVE_INFINITY, 3], { shape: [3, 1] }), {
      freeze: false,
      scaleGradByFreq: true,
    });
    const y = layer.forward(ids(0, 1, 0, 2, 2, 2));
    expect(values(y)).toEqual([1, Number.POSITIVE_INFINITY, 1, 3, 3, 3]);
    y.sum().backward();
    expect(values(layer.weight.grad as Tensor)).toEqual([1, 1, 1]);
  });
  it('an index out of range is an error before anything is made', () => {
    const layer = new nn.Embedding(3, 2);
    const index = ids(0, 3);
    const before = memory().tensors;
    expect(thrown(() => layer.forward(index)).message).toMatch(
      /^Embedding: \[embedding\] expected indices in \[0, 2\] for 3 rows, got 3 at flat position 1/,
    );
    expect(thrown(() => layer.forward(tensor([1]))).message).toMatch(/expected int32 indices, got float32; use cast\('int32'\)/);
    expect(memory().tensors).toBe(before + 1);
  });
});

describe('Dropout', () => {
  it('p may change, and the philox way repeats under manualSeed', () => {
    const layer = new nn.Dropout(0.5, { generator: 'philox' });
    const x = zeros([100]).add(1);
    manualSeed(4);
    const a = values(layer.forward(x));
    manualSeed(4);
    expect(values(layer.forward(x))).toEqual(a);
    layer.p = 0;
    expect(layer.forward(x)).toBe(x);
    expect(thrown(() => new nn.Dropout(2)).message).toMatch(/^\[Dropout\] expected p in \[0, 1\], got 2/);
    expect(thrown(() => new nn.Dropout(0.5, { inplace: true } as never)).message).toMatch(/expected options among generator, got inplace/);
  });
});
