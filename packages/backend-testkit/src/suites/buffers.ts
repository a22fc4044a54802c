import { add_, byteSize, copy_, type DType, dtypes, fill_, relu, set_, type Tensor } from '@konv/core-tensor';
import { grad } from '@konv/autograd';
import { audited } from '../backends/audited.js';
import { assert, assertEqual } from '../harness/assert.js';
import type { Lab } from '../harness/lab.js';
import { place } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import { registerBackend, scope, unregisterBackend } from '@konv/core-tensor';

/** Memory: counts, versions, snapshots and copies. */
export function bufferTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('memory', () => {
    suite.it('alloc and free count buffers and bytes exactly', () => counts(lab));
    suite.it('every buffer is freed exactly once', () => frees(lab));
    suite.it('a read is a snapshot of the moment of the call', () => snapshot(lab));
    suite.it('a synchronous read sees all that came before', () => syncRead(lab));
    suite.it('write copies its data', () => writeCopies(lab));
    suite.it('write and read keep to their window', () => windows(lab));
    suite.it('queued work sees buffers that are freed after it', () => freedAfterwards(lab));
    suite.it('sync resolves when all is done', async () => {
      const y = relu(lab.tensor([-1, 2], [2]));
      await lab.native.sync();
      await lab.expect('relu', y, [0, 2]);
    });
    suite.it('versions count the writes after the first', () => versions(lab));
    suite.it('every dtype comes back as it was written', () => roundTrips(lab));
    suite.it('what the capabilities say is true', () => capabilities(lab));
  });
}

function counts(lab: Lab): void {
  const { raw } = lab;
  for (const dtype of raw.capabilities.dtypes) {
    for (const shape of [[], [3], [2, 5], [0], [4, 0, 2]]) {
      const before = raw.memory();
      const size = shape.reduce((a, b) => a * b, 1);
      const buffer = raw.alloc({ dtype, shape, role: 'scratch' });
      assertEqual(`${dtype} [${shape}], dtype`, buffer.dtype, dtype);
      assertEqual(`${dtype} [${shape}], size`, buffer.size, size);
      assertEqual(`${dtype} [${shape}], version`, buffer.version, 0);
      assertEqual(`${dtype} [${shape}], buffers`, raw.memory().tensors, before.tensors + 1);
      assertEqual(`${dtype} [${shape}], bytes`, raw.memory().bytes, before.bytes + size * byteSize[dtype]);
      raw.free(buffer);
      assertEqual(`${dtype} [${shape}], buffers after free`, raw.memory().tensors, before.tensors);
      assertEqual(`${dtype} [${shape}], bytes after free`, raw.memory().bytes, before.bytes);
    }
  }
}

function frees(lab: Lab): void {
  const { backend, ledger } = audited(lab.native, `${lab.name}, audited`);
  registerBackend(backend);
  scope(() => {
    const x = place(backend.name, 'float32', [3, 4], new Float64Array(12).fill(0.5));
    x.requiresGrad = true;
    const y = x.transpose(0, 1).mul(2).reshape([12]).slice([2, 9]).exp().sum();
    const [dx] = grad(y, x, { createGraph: true });
    dx.square().sum().backward();
    const z = x.detach().clone();
    z.select(0, 1).zero_();
    z.add_(z).set_([0], 3).copy_(z.transpose(0, 1).clone().transpose(0, 1));
    x.grad = null;
  });
  unregisterBackend(backend.name);
  assertEqual('buffers that were freed twice or never made here', ledger.wrongFrees, 0);
  assertEqual('buffers still alive', ledger.live, 0);
  assert(ledger.made > 10, () => `expected the program to make buffers, got ${ledger.made}`);
}

async function snapshot(lab: Lab): Promise<void> {
  const x = lab.tensor([1, 2, 3], [3]);
  const whole = x.data();
  const part = x.slice([0, 3, 2]).data();
  x.mul_(10);
  const later = x.data();
  fill_(x, 7);
  x.dispose();
  assertEqual('before the change', await whole, [1, 2, 3]);
  assertEqual('a strided part before the change', await part, [1, 3]);
  assertEqual('between the changes', await later, [10, 20, 30]);
}

async function syncRead(lab: Lab): Promise<void> {
  const x = lab.tensor([1, 2], [2]);
  x.add_(1);
  if (!lab.syncRead) {
    assertEqual('values read later', await x.data(), [2, 3]);
    return;
  }
  assertEqual('values', x.dataSync(), [2, 3]);
  x.add_(1);
  assertEqual('values after another change', x.dataSync(), [3, 4]);
}

async function writeCopies(lab: Lab): Promise<void> {
  const x = lab.tensor([0, 0, 0], [3]);
  const data = Float32Array.of(1, 2, 3);
  lab.native.write(data, x.ref);
  x.ref.buffer.version++;
  data.fill(9);
  assertEqual('what was written', await x.data(), [1, 2, 3]);
  const read = await x.data();
  read.fill(8);
  assertEqual('what was written, after a change to what was read', await x.data(), [1, 2, 3]);
}

async function windows(lab: Lab): Promise<void> {
  const x = lab.tensor([0, 1, 2, 3, 4, 5], [6]);
  lab.native.write(Float32Array.of(8, 9), x.slice([2, 4]).ref);
  x.ref.buffer.version++;
  assertEqual('the whole', await x.data(), [0, 1, 8, 9, 4, 5]);
  assertEqual('a window', await x.slice([3, 5]).data(), [9, 4]);
}

async function freedAfterwards(lab: Lab): Promise<void> {
  const x = lab.tensor([-1, 4], [2]);
  const y = relu(x);
  x.dispose();
  const z = y.add(y);
  y.dispose();
  // What reuses the memory must not show in z.
  lab.tensor([100, 100], [2]).mul(3).dispose();
  await lab.expect('the result', z, [0, 8]);
}

async function versions(lab: Lab): Promise<void> {
  const x = lab.tensor([1, 2, 3, 4], [2, 2]);
  const version = (): number => x.ref.buffer.version;
  const steps: [string, () => Tensor][] = [
    ['add_', () => add_(x, 1)],
    ['fill_', () => fill_(x, 2)],
    ['copy_', () => copy_(x, lab.tensor([1, 2], [2]))],
    ['set_', () => set_(x, [0], 5)],
    ['add_ to a view', () => add_(x.select(1, 0), 1)],
  ];
  for (const [name, change] of steps) {
    const before = version();
    change();
    assert(version() > before, () => `${name}: expected a version after ${before}, got ${version()}`);
  }
  const before = version();
  relu(x);
  x.transpose(0, 1).clone();
  await x.data();
  assertEqual('the version after reads', version(), before);
}

async function roundTrips(lab: Lab): Promise<void> {
  const samples: Record<DType, number[]> = {
    bool: [0, 1, 1],
    int32: [0, -1, Math.min(lab.raw.capabilities.maxExactInt, 2 ** 31 - 1)],
    float32: [0.1, -3.4e38, 1e-38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 16777216].map(Math.fround),
    float64: [0.1, 1e300, Number.NaN, -1e-300],
  };
  for (const dtype of dtypes.filter((d) => lab.has(d))) {
    const x = lab.tensor(samples[dtype], [samples[dtype].length], dtype);
    assertEqual(dtype, await x.data(), samples[dtype]);
  }
}

function capabilities(lab: Lab): void {
  const { raw } = lab;
  const { capabilities: c } = raw;
  for (const dtype of ['bool', 'int32', 'float32'] as const) {
    assert(c.dtypes.includes(dtype), () => `expected dtypes to hold ${dtype}, got ${c.dtypes.join(', ')}`);
  }
  if (c.syncRead) assertEqual('readSync, with syncRead', typeof raw.readSync, 'function');
  assert(c.maxExactInt >= 2 ** 24, () => `expected whole numbers to be exact up to 2^24 at least, got ${c.maxExactInt}`);
  const required = {
    unary: ['exp', 'log', 'sqrt', 'tanh', 'floor'],
    binary: ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'eq', 'lt'],
    reduce: ['sum', 'max'],
  } as const;
  for (const dtype of lab.floats) {
    for (const [family, kinds] of Object.entries(required)) {
      for (const kind of kinds) {
        assert(raw.supports(family as 'unary', kind, dtype), () => `expected the required ${family} '${kind}' for ${dtype}, got none`);
      }
    }
  }
}
