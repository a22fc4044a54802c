import type { Arithmetic, Term, Values } from '../../model/protocol.js';
import { adaptiveWindow, type HostLayer, type HostStage, maximumOf, offsetOf, read } from './host.js';
import { arithmetic, at, term } from './terms.js';

type Of<K extends HostLayer['kind']> = Extract<HostLayer, { readonly kind: K }>;

/**
 * The gradient of a value by what the next layer makes of it: `next` has the value at `index` of its input. dy: the
 * gradients of the next layer's output. `gradient` is what stands in the tensor.
 */
export function backwardOf(next: HostStage, index: readonly number[], gradient: number): Arithmetic {
  const { layer } = next;
  switch (layer.kind) {
    case 'Conv2d':
      return arithmetic(
        'Every output of the next convolution that saw this number: its gradient times the weight it saw it with, all added: dx = Σ dy · w',
        convTerms(next, layer, index),
        gradient,
      );
    case 'BatchNorm2d': {
      const [c] = index;
      const scale = layer.weight[c] / Math.sqrt(layer.variance[c] + layer.eps);
      const what = `${at('dy', ...index)} * γ[${c}] / √(σ²[${c}] + ε)`;
      return arithmetic(
        'The batch norm’s gradient times the same factor as forwards: dx = dy · γ / √(σ² + ε)',
        [term(what, read(next.gradient, ...index), scale)],
        gradient,
      );
    }
    case 'ReLU': {
      const passes = read(next.input, ...index) > 0 ? 1 : 0;
      return arithmetic(
        'The ReLU’s gradient where the number is above zero, else nothing: dx = dy or 0',
        [term(`${at('dy', ...index)} * ${passes}`, read(next.gradient, ...index), passes)],
        gradient,
      );
    }
    case 'MaxPool2d':
      return arithmetic(
        'The pool’s gradient where this number was the largest of its window (the first of equal ones), else nothing: dx = dy or 0',
        maxTerms(next, layer, index),
        gradient,
      );
    case 'AdaptiveAvgPool2d':
      return arithmetic('The mean’s gradient, shared by the n numbers it was made of: dx = dy / n', meanTerms(next, index), gradient);
    case 'Flatten': {
      const k = offsetOf(next.input.shape, index);
      return arithmetic('The same gradient, from the long row: dx = dy', [term(at('dy', k), next.gradient.data[k])], gradient);
    }
    case 'Linear':
      return arithmetic(
        'Every output of the next layer: its gradient times the weight it takes this number with, all added: dx = Σ dy · w',
        linearTerms(next, layer, index[0]),
        gradient,
      );
  }
}

/** The gradient of a score: what softmax makes of it, less 1 where it is the score of the class that is right. */
export function lossGradientOf(scores: Values, label: number, k: number, gradient: number): Arithmetic {
  const top = Math.max(...scores.data);
  const total = scores.data.reduce((sum, s) => sum + Math.exp(s - top), 0);
  const terms = [term(`exp(s[${k}] − max s) * 1 / Σ exp(s − max s)`, Math.exp(scores.data[k] - top), 1 / total)];
  if (k === label) terms.push(term('−1 (this is the right class)', -1));
  return arithmetic(
    'The probability that softmax gives this class, less 1 if it is the right one: ds = softmax(s) − one-hot',
    terms,
    gradient,
  );
}

function convTerms({ output, gradient }: HostStage, { weight, padding }: Of<'Conv2d'>, [c, y, x]: readonly number[]): Term[] {
  const [outs, , kh, kw] = weight.shape;
  const [, height, width] = output.shape;
  const terms: Term[] = [];
  for (let o = 0; o < outs; o++) {
    for (let u = 0; u < kh; u++) {
      for (let v = 0; v < kw; v++) {
        const [i, j] = [y + padding - u, x + padding - v];
        // Past the edge there is no output that could have seen it.
        if (i < 0 || i >= height || j < 0 || j >= width) continue;
        terms.push(term(`${at('dy', o, i, j)} * ${at('w', o, c, u, v)}`, read(gradient, o, i, j), read(weight, o, c, u, v)));
      }
    }
  }
  return terms;
}

function maxTerms({ input, output, gradient }: HostStage, { size }: Of<'MaxPool2d'>, [c, y, x]: readonly number[]): Term[] {
  const [i, j] = [Math.floor(y / size), Math.floor(x / size)];
  // A last row or column that fills no window is in none.
  if (i >= output.shape[1] || j >= output.shape[2]) return [];
  const [besty, bestx] = maximumOf(input, c, i * size, j * size, size);
  const counts = besty === y && bestx === x ? 1 : 0;
  return [term(`${at('dy', c, i, j)} * ${counts}`, read(gradient, c, i, j), counts)];
}

function meanTerms({ input, output, gradient }: HostStage, [c, y, x]: readonly number[]): Term[] {
  const terms: Term[] = [];
  for (let i = 0; i < output.shape[1]; i++) {
    const [y0, y1] = adaptiveWindow(i, input.shape[1], output.shape[1]);
    if (y < y0 || y >= y1) continue;
    for (let j = 0; j < output.shape[2]; j++) {
      const [x0, x1] = adaptiveWindow(j, input.shape[2], output.shape[2]);
      const n = (y1 - y0) * (x1 - x0);
      if (x >= x0 && x < x1) terms.push(term(`${at('dy', c, i, j)} * 1/${n}`, read(gradient, c, i, j), 1 / n));
    }
  }
  return terms;
}

function linearTerms({ gradient }: HostStage, { weight }: Of<'Linear'>, k: number): Term[] {
  return Array.from(gradient.data, (dy, o) => term(`${at('dy', o)} * ${at('w', o, k)}`, dy, read(weight, o, k)));
}
