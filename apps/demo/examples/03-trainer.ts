// LeNet-5 by the trainer: validation, a progress bar, early stopping, and a checkpoint that PyTorch can load.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as konv from 'konv';
import { accuracy, checkpoint, data, earlyStopping, formats, manualSeed, nn, optim, progressBar, Trainer } from 'konv';

await konv.ready();
manualSeed(42);

const root = new URL('../data', import.meta.url);
const trainSet = await data.FashionMNIST.load({ root, train: true, limit: 640 });
const testSet = await data.FashionMNIST.load({ root, train: false, limit: 400 });
const trainLoader = new data.DataLoader(trainSet, { batchSize: 16, shuffle: true });
const testLoader = new data.DataLoader(testSet, { batchSize: 200 });

/** The layers as properties: their names are the keys of the checkpoint. */
class LeNet extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  classifier = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );

  override forward(x: konv.Tensor): konv.Tensor {
    return this.classifier.forward(this.features.forward(x));
  }
}

const net = new LeNet();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.003 });
const trainer = new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer, metrics: { accuracy } });
const file = join(tmpdir(), `lenet-${process.pid}.safetensors`);
const history = await trainer.fit(trainLoader, {
  epochs: 2,
  validation: testLoader,
  callbacks: [progressBar(), earlyStopping({ patience: 2 }), checkpoint(file, { best: true })],
});
const best = Math.min(...history.epochs.map((e) => e.validation!.loss));

// The file holds the best epoch. A fresh network that loads it does as well.
const again = new LeNet();
again.loadStateDict(await formats.loadSafetensors(file));
const loss = new nn.CrossEntropyLoss();
const check = new Trainer({ model: again, loss, optimizer, metrics: { accuracy } });
const result = await check.evaluate(testLoader);
console.log(`best loss ${best.toFixed(4)}, loaded ${result.loss.toFixed(4)}, accuracy ${result.accuracy.toFixed(2)}`);
