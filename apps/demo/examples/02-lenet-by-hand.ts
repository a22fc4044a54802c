// LeNet-5 on real pictures of clothes, with a training loop written out.
import * as konv from 'konv';
import { data, manualSeed, nn, optim, scope } from 'konv';

await konv.ready(); // before building: the fastest backend that runs here
manualSeed(42);

// The folder holds the four IDX files of Fashion-MNIST. Without the limit: all of them.
const root = new URL('../data', import.meta.url);
const trainSet = await data.FashionMNIST.load({ root, train: true, limit: 800 });

const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(400, 120),
  new nn.ReLU(),
  new nn.Linear(120, 84),
  new nn.ReLU(),
  new nn.Linear(84, 10),
);
const sgd = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });

let step = 0;
for await (const [images, labels] of new data.DataLoader(trainSet, { batchSize: 16, shuffle: true })) {
  using _ = scope(); // everything born in this step is freed at its end
  const loss = nn.functional.crossEntropy(net.forward(images), labels);
  sgd.zeroGrad();
  loss.backward();
  sgd.step();
  if (++step % 10 === 0) console.log(`step ${step}, loss ${(await loss.item()).toFixed(3)}`);
}
console.log(`${konv.memory().tensors} tensors alive`); // 10 parameters, each with its gradient and momentum
