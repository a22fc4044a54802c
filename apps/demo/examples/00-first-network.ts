// A first network: it learns whether a bar goes across a picture or down.
import { accuracy, data, manualSeed, nn, optim, rand, randint, Trainer } from 'konv';

manualSeed(0);
const pictures = rand([256, 1, 12, 12]).mul(0.7); // noise, [batch, channels, height, width]
const labels = randint(0, 2, [256]); // 0: across, 1: down
for (const [i, down] of (await labels.data()).entries()) {
  const at = i % 12;
  pictures.set_(down ? [i, 0, null, at] : [i, 0, at, null], 1);
}

const net = new nn.Sequential(
  new nn.Conv2d(1, 8, 5),
  new nn.ReLU(),
  new nn.MaxPool2d(4),
  new nn.Flatten(),
  new nn.Linear(32, 2),
);
const optimizer = new optim.Adam(net.parameters(), { lr: 0.03 });
const trainer = new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer, metrics: { accuracy } });
const loader = new data.DataLoader(new data.TensorDataset(pictures, labels), { batchSize: 32, shuffle: true });
const { epochs } = await trainer.fit(loader, { epochs: 12 });
console.log(epochs.map((e) => e.metrics.accuracy.toFixed(2)).join(' '));
