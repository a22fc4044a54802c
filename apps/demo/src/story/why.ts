import { nn, scope, type Tensor, tensor, zeros } from 'konv';
import { grouped, heading, indent, type Say, shaded, sideBySide, table } from '../terminal.js';

const SIZE = 28;

function parameterCount(module: nn.Module): number {
  let n = 0;
  for (const p of module.parameters()) n += p.size;
  return n;
}

function counts(say: Say): void {
  const perceptron = new nn.Linear(SIZE * SIZE, 1000);
  const convolution = new nn.Conv2d(1, 16, 5);
  say('For a perceptron a picture is a row of numbers; for a convolution it has height, width and depth:');
  say();
  say(
    table(
      [
        ['layer', 'input', 'output', 'parameters'],
        ['Linear(784, 1000)', '784', '1000', grouped(parameterCount(perceptron))],
        ['Conv2d(1, 16, 5)', '28 x 28 x 1', '24 x 24 x 16', grouped(parameterCount(convolution))],
      ],
      [3],
    ),
  );
  const pixels = 10 ** 6;
  const hidden = 1000;
  say();
  say(`A photograph of 10^6 pixels into ${grouped(hidden)} hidden units takes ${grouped(pixels)} x ${grouped(hidden)} = 10^${Math.log10(pixels * hidden)} weights.`);
  say('A 5 x 5 kernel has 25, whatever the size of the picture.');
}

/** The same picture, moved down and right. */
function shifted(image: Tensor, dy: number, dx: number): Tensor {
  const [h, w] = image.shape;
  const out = zeros([h, w]);
  out.set_([[dy, null], [dx, null]], image.slice([0, h - dy], [0, w - dx]));
  return out;
}

const asBatch = (x: Tensor): Tensor => x.reshape([1, 1, x.shape[0], x.shape[1]]);

/** Every second row and pixel, so that a picture fits beside others. */
function small(x: Tensor, scale: number): string {
  const thin = x.slice([0, null, 2], [0, null, 2]);
  return shaded(thin.contiguous().dataSync(), thin.shape[1], 0, scale);
}

function edgeLayer(): nn.Conv2d {
  const layer = new nn.Conv2d(1, 1, [3, 3], { padding: 1, bias: false });
  layer.loadStateDict({ weight: tensor([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]]) });
  return layer;
}

function invariance(say: Say, picture: Tensor): void {
  const layer = edgeLayer();
  const map = (x: Tensor): Tensor => layer.forward(asBatch(x)).reshape([SIZE, SIZE]).abs();
  const [dy, dx] = [4, 2];
  const moved = shifted(picture, dy, dx);
  const before = map(picture);
  const after = map(moved);
  say();
  say(`Translation invariance: the picture moves ${dy} down and ${dx} to the right, and so does its feature map.`);
  say();
  const scale = before.max().itemSync();
  const blocks: [string, Tensor, number][] = [
    ['picture', picture, 1],
    ['its edges', before, scale],
    ['moved', moved, 1],
    ['edges of the moved', after, scale],
  ];
  const half = (from: number): string =>
    sideBySide(blocks.slice(from, from + 2).map(([title, t, top]) => `${title}\n${small(t, top)}`), 6);
  say(indent(half(0)));
  say(indent(half(2)));
  const margin = 2; // the zeros around the picture are no part of it
  const a = before.slice([margin, SIZE - dy - margin], [margin, SIZE - dx - margin]);
  const b = after.slice([dy + margin, SIZE - margin], [dx + margin, SIZE - margin]);
  say(`  greatest difference after moving back: ${a.sub(b).abs().max().itemSync()}`);
}

function locality(say: Say, picture: Tensor): void {
  const layer = edgeLayer();
  const touched = picture.clone();
  touched.set_([14, 14], picture.slice(14, 14).add(1));
  const change = layer.forward(asBatch(touched)).sub(layer.forward(asBatch(picture))).reshape([SIZE, SIZE]);
  const felt = change.ne(0).sum().itemSync();
  const [dense] = [new nn.Linear(SIZE * SIZE, SIZE * SIZE)];
  const through = (x: Tensor): Tensor => dense.forward(x.reshape([1, SIZE * SIZE]));
  const all = through(touched).sub(through(picture)).ne(0).sum().itemSync();
  say();
  say('Locality: one pixel is changed, and we count the outputs that feel it.');
  say();
  say(
    table(
      [
        ['layer', 'outputs', 'changed'],
        ['Conv2d(1, 1, 3)', grouped(SIZE * SIZE), String(felt)],
        ['Linear(784, 784)', grouped(SIZE * SIZE), String(all)],
      ],
      [1, 2],
    ),
  );
  say(`  (the middle column of this kernel is 0, so ${felt} of its 9 neighbours)`);
}

/** Why convolution: counted on real layers, shown on a real picture ([28, 28], 0 to 1). */
export function whyConvolution(say: Say, picture: Tensor): void {
  heading(say, 2, 'Why convolution');
  say();
  scope(() => {
    counts(say);
    invariance(say, picture);
    locality(say, picture);
  });
}
