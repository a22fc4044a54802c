import { arange, manualSeed, nn, noGrad, ones, rand, scope, type Tensor, tensor } from 'konv';
import { heading, indent, type Say, sideBySide, table } from '../terminal.js';
import { Conv2D, corr2d } from './corr2d.js';

function titled(title: string, body: Tensor): string {
  return `${title}\n${body}`;
}

/** The 6x8 image: white, with a black bar four pixels wide. */
export function barImage(): Tensor {
  const image = ones([6, 8]);
  image.slice(null, [2, 6]).zero_(); // a view: the image itself changes
  return image;
}

function byHand(say: Say): void {
  const x = tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
  const k = tensor([[0, 1], [2, 3]]);
  say('A convolution layer slides a kernel over its input and sums the products (a cross-correlation):');
  say();
  say(indent(sideBySide([titled('input', x), titled('kernel', k), titled('corr2d(input, kernel)', corr2d(x, k))])));
  say();
  say('As a layer, kernel and bias are parameters: weight = rand(kernelSize), bias = zeros(1).');
  manualSeed(0);
  const layer = new Conv2D([2, 2]);
  const y = layer.forward(x);
  y.sum().backward();
  say(indent(sideBySide([titled('weight', layer.weight.detach()), titled('d(sum of outputs)/d weight', layer.weight.grad as Tensor)])));
}

function edges(say: Say): void {
  const image = barImage();
  const kernel = tensor([[1, -1]]);
  say();
  say('The kernel [1, -1] answers where neighbours in a row differ: 1 from white to black, -1 back.');
  say();
  say(indent(sideBySide([titled('image [6, 8]', image), titled('edges [6, 7]', corr2d(image, kernel))])));
  say();
  const turned = corr2d(image.transpose(0, 1), kernel);
  say('Turn the image and the edges are horizontal. The same kernel now sees nothing:');
  say();
  say(indent(`${turned}`));
}

/** Ten hand-written steps of gradient descent on the kernel; returns the losses. */
export async function learnKernel(say: Say): Promise<number[]> {
  const image = barImage();
  const x = image.reshape([1, 1, 6, 8]);
  const y = corr2d(image, tensor([[1, -1]])).reshape([1, 1, 6, 7]);
  manualSeed(0);
  const conv = new nn.Conv2d(1, 1, [1, 2], { bias: false });
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const loss = conv.forward(x).sub(y).square();
    conv.zeroGrad();
    loss.sum().backward();
    noGrad(() => conv.weight.sub_((conv.weight.grad as Tensor).mul(3e-2)));
    losses.push(await loss.sum().item());
    if (i % 2) say(`  epoch ${i + 1}, loss ${losses[i].toFixed(3)}`);
  }
  say();
  say(indent(String(conv.weight.detach().reshape([1, 2]))));
  return losses;
}

function dimensions(say: Say): void {
  manualSeed(0);
  const series = arange(0, 32).cast('float32').mul(0.4).reshape([1, 1, 32]);
  const rows: [string, string, nn.Module, Tensor][] = [
    ['1', 'text, ECG, stock series', new nn.Conv1d(1, 4, 3), series],
    ['2', 'images', new nn.Conv2d(3, 8, 3, { padding: 1 }), rand([1, 3, 28, 28])],
    ['3', 'video, CT', new nn.Conv3d(1, 2, 3), rand([1, 1, 8, 16, 16])],
  ];
  const show = (s: readonly number[]): string => `(${s.join(', ')})`;
  say();
  say('The same layer in one, two and three dimensions, over (N, C, *spatial):');
  say();
  say(
    table([
      ['dim', 'for', 'layer', 'input', 'weight', 'output'],
      ...rows.map(([dim, use, layer, x]) => {
        const [weight] = [...layer.parameters()];
        return [dim, use, layer.constructor.name, show(x.shape), show(weight.shape), show((layer.forward(x) as Tensor).shape)];
      }),
    ]),
  );
}

/** The article's story, computed. */
export async function article(say: Say): Promise<void> {
  heading(say, 1, 'What a convolution layer computes, and how it learns');
  say();
  scope(() => byHand(say));
  scope(() => edges(say));
  say();
  say('Now the kernel is not given but learned, from the image and its edges alone: nn.Conv2d(1, 1, [1, 2]),');
  say('squared error, learning rate 3e-2, ten steps.');
  say();
  await learnKernel(say);
  say();
  say('The weight has come close to [1, -1].');
  scope(() => dimensions(say));
}
