import type { Arithmetic, Term } from '../../model/protocol.js';
import { adaptiveWindow, type HostLayer, type HostStage, indexOf, maximumOf, read } from './host.js';
import { arithmetic, at, term } from './terms.js';

type Of<K extends HostLayer['kind']> = Extract<HostLayer, { readonly kind: K }>;

/** How a layer makes one value of its output, written out. x: the layer's input, w: its weights, b: its bias. */
export function forwardOf(stage: HostStage, index: readonly number[]): Arithmetic {
  const { layer } = stage;
  const value = read(stage.output, ...index);
  switch (layer.kind) {
    case 'Conv2d':
      return arithmetic(
        'Each number in the window times the kernel’s number at the same place, all added, plus the bias: y = Σ x · w + b',
        convTerms(stage, layer, index),
        value,
      );
    case 'BatchNorm2d':
      return arithmetic(
        'The input, less the channel’s mean, over its spread, times γ, plus β: y = (x − μ) · γ / √(σ² + ε) + β',
        normTerms(stage, layer, index),
        value,
      );
    case 'ReLU': {
      const x = read(stage.input, ...index);
      const passes = x > 0 || Number.isNaN(x) ? 1 : 0;
      return arithmetic(
        'What is above zero stays, what is below becomes zero: y = max(0, x)',
        [term(`${at('x', ...index)} * ${passes}`, x, passes)],
        value,
      );
    }
    case 'MaxPool2d':
      return arithmetic('The largest number of the window, the others do not count: y = max x', maxTerms(stage, layer, index), value);
    case 'AdaptiveAvgPool2d':
      return arithmetic('The mean of the window: y = Σ x / n', meanTerms(stage, index), value);
    case 'Flatten': {
      const from = indexOf(stage.input.shape, index[0]);
      return arithmetic('The same number, in one long row: y = x', [term(at('x', ...from), read(stage.input, ...from))], value);
    }
    case 'Linear':
      return arithmetic(
        'Every input times its weight, all added, plus the bias: y = Σ x · w + b',
        linearTerms(stage, layer, index[0]),
        value,
      );
  }
}

function convTerms({ input }: HostStage, { weight, bias, padding }: Of<'Conv2d'>, [o, i, j]: readonly number[]): Term[] {
  const [, channels, kh, kw] = weight.shape;
  const [, height, width] = input.shape;
  const terms: Term[] = [];
  for (let c = 0; c < channels; c++) {
    for (let u = 0; u < kh; u++) {
      for (let v = 0; v < kw; v++) {
        const [y, x] = [i + u - padding, j + v - padding];
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        const name = inside ? at('x', c, y, x) : '0 (padding)';
        terms.push(term(`${name} * ${at('w', o, c, u, v)}`, inside ? read(input, c, y, x) : 0, read(weight, o, c, u, v)));
      }
    }
  }
  terms.push(term(at('b', o), bias[o]));
  return terms;
}

function normTerms({ input }: HostStage, layer: Of<'BatchNorm2d'>, index: readonly number[]): Term[] {
  const [c] = index;
  const scale = layer.weight[c] / Math.sqrt(layer.variance[c] + layer.eps);
  const scaleName = `γ[${c}] / √(σ²[${c}] + ε)`;
  return [
    term(`${at('x', ...index)} * ${scaleName}`, read(input, ...index), scale),
    term(`−μ[${c}] * ${scaleName}`, -layer.mean[c], scale),
    term(`β[${c}]`, layer.bias[c]),
  ];
}

function maxTerms({ input }: HostStage, { size }: Of<'MaxPool2d'>, [c, i, j]: readonly number[]): Term[] {
  const [top, left] = [i * size, j * size];
  const [besty, bestx] = maximumOf(input, c, top, left, size);
  const terms: Term[] = [];
  for (let y = top; y < top + size; y++) {
    for (let x = left; x < left + size; x++) {
      const counts = y === besty && x === bestx;
      terms.push(term(`${at('x', c, y, x)} * ${counts ? '1 (the largest)' : '0'}`, read(input, c, y, x), counts ? 1 : 0));
    }
  }
  return terms;
}

function meanTerms({ input, output }: HostStage, [c, i, j]: readonly number[]): Term[] {
  const [, height, width] = input.shape;
  const [y0, y1] = adaptiveWindow(i, height, output.shape[1]);
  const [x0, x1] = adaptiveWindow(j, width, output.shape[2]);
  const n = (y1 - y0) * (x1 - x0);
  const terms: Term[] = [];
  for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) terms.push(term(`${at('x', c, y, x)} * 1/${n}`, read(input, c, y, x), 1 / n));
  return terms;
}

function linearTerms({ input }: HostStage, { weight, bias }: Of<'Linear'>, o: number): Term[] {
  const terms: Term[] = [];
  for (let k = 0; k < weight.shape[1]; k++) terms.push(term(`${at('x', k)} * ${at('w', o, k)}`, input.data[k], read(weight, o, k)));
  terms.push(term(at('b', o), bias[o]));
  return terms;
}
