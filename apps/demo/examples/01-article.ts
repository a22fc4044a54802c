// What a convolution layer computes, by hand; and a kernel that is learned from an image and its edges.
import { arange, manualSeed, nn, noGrad, ones, rand, type Tensor, tensor, zeros } from 'konv';

/** 2-D cross-correlation, by hand: x [h, w], k [kh, kw] -> [h - kh + 1, w - kw + 1]. */
function corr2d(x: Tensor, k: Tensor): Tensor {
  const [h, w] = k.shape;
  const y = zeros([x.shape[0] - h + 1, x.shape[1] - w + 1]);
  for (let i = 0; i < y.shape[0]; i++) {
    for (let j = 0; j < y.shape[1]; j++) {
      const products = x.slice([i, i + h], [j, j + w]).mul(k);
      y.set_([i, j], products.sum()); // differentiable in both
    }
  }
  return y;
}

/** A convolution layer by hand. Its parameters are found by being properties. */
class MyConv2d extends nn.Module {
  weight: nn.Parameter;
  bias: nn.Parameter;

  constructor(kernelSize: [number, number]) {
    super();
    this.weight = new nn.Parameter(rand(kernelSize));
    this.bias = new nn.Parameter(zeros([1]));
  }

  override forward(x: Tensor): Tensor {
    return corr2d(x, this.weight).add(this.bias);
  }
}

const numbers = arange(9).cast('float32').reshape([3, 3]);
const kernel = tensor([0, 1, 2, 3]).reshape([2, 2]);
console.log(String(corr2d(numbers, kernel)));

const byHand = new MyConv2d([2, 2]);
const total = byHand.forward(numbers).sum();
total.backward(); // it trains, too
console.log(String(byHand.weight.grad));

// A white image with a black bar, and its vertical edges: 1 from white to black, -1 back.
const image = ones([6, 8]);
image.slice(null, [2, 6]).zero_(); // a view: image changes
const edgeKernel = tensor([[1, -1]]);
const edges = corr2d(image, edgeKernel);
console.log(String(edges));

// In the transposed image the edges are horizontal: this kernel sees none of them.
const turned = corr2d(image.transpose(0, 1), edgeKernel);
console.log(String(turned.abs().max()));

// The kernel, learned: ten steps of gradient descent on the squared error.
const x = image.reshape([1, 1, 6, 8]);
const y = edges.reshape([1, 1, 6, 7]);
manualSeed(0);
const conv = new nn.Conv2d(1, 1, [1, 2], { bias: false });
for (let i = 0; i < 10; i++) {
  const loss = conv.forward(x).sub(y).square();
  conv.zeroGrad();
  loss.sum().backward();
  noGrad(() => conv.weight.sub_(conv.weight.grad!.mul(3e-2)));
  if (i % 2) console.log(`epoch ${i + 1}, loss ${(await loss.sum().item()).toFixed(3)}`);
}
console.log(String(conv.weight.detach().reshape([1, 2])));
