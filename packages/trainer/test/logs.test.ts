import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracy, type Callback, jsonlLog, lrScheduler, optim, tensorBoard, terminateOnNaN } from '@konv/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../src/events/crc32c.js';
import { encodeEvent, tfRecord } from '../src/events/record.js';
import { asLoader, batches, dispose, smallNet, trainerFor } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konv-logs-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains 2 epochs of 20 steps with a rate that halves after every epoch; `stop` ends it at a step. */
async function train(callback: Callback, { stop = 0, resume }: { stop?: number; resume?: Uint8Array | string } = {}) {
  const net = smallNet();
  const list = batches(20);
  const trainer = trainerFor(net, { metrics: { accuracy } });
  const schedule = lrScheduler(new optim.ExponentialLR(trainer.optimizer, { gamma: 0.5 }));
  const stopper: Callback = { onStep: (p) => (p.totalSteps === stop ? p.stop('enough') : undefined) };
  const options = { epochs: 2, validation: asLoader(list.slice(0, 2)), callbacks: [schedule, callback, stopper] };
  const history = await trainer.fit(asLoader(list), { ...options, ...(resume === undefined ? {} : { resume }) });
  dispose(list);
  return { history, trainer };
}

describe('jsonlLog', () => {
  const lines = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));

  it('has a line for every step and epoch, with the rate that the step had', async () => {
    const path = join(folder, 'new', 'a.jsonl');
    const { history } = await train(jsonlLog(path));
    const all = await lines(path);
    expect(all.map((l) => l.event)).toEqual(['fit', ...Array(20).fill('step'), 'epoch', ...Array(20).fill('step'), 'epoch', 'end']);
    expect(all[0]).toEqual({ event: 'fit', time: expect.any(String), epochs: 2, resumed: false, step: 0 });
    const steps = all.filter((l) => l.event === 'step');
    expect(steps.map((l) => l.loss)).toEqual(history.losses);
    expect(steps.map((l) => l.step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(steps.map((l) => [l.epoch, l.lr])).toEqual(Array.from({ length: 40 }, (_, i) => (i < 20 ? [1, 0.1] : [2, 0.05])));
    expect(all.filter((l) => l.event === 'epoch')).toEqual(history.epochs.map((e) => ({ event: 'epoch', step: 20 * e.epoch, ...e })));
    expect(all.at(-1)).toEqual({ event: 'end', stopped: null });
  });

  it('goes on after an interruption, and keeps or empties what is there', async () => {
    const path = join(folder, 'b.jsonl');
    const { trainer } = await train(jsonlLog(path, { everySteps: 5 }), { stop: 7 });
    const checkpoint = join(folder, 'b.safetensors');
    await trainer.saveCheckpoint(checkpoint);
    await train(jsonlLog(path, { everySteps: 5, append: false }), { resume: checkpoint });
    const all = await lines(path);
    expect(all.filter((l) => l.event === 'step').map((l) => l.step)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
    expect(all.filter((l) => l.event === 'fit').map((l) => [l.resumed, l.step])).toEqual([
      [false, 0],
      [true, 7],
    ]);
    expect(all.filter((l) => l.event === 'epoch').map((l) => [l.epoch, l.complete, l.samples])).toEqual([
      [1, false, 56],
      [1, true, 160],
      [2, true, 160],
    ]);
    await train(jsonlLog(path, { append: false }), { stop: 1 });
    expect((await lines(path)).map((l) => l.event)).toEqual(['fit', 'step', 'epoch', 'end']);
  });

  it('tells before the first step that it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(train(jsonlLog(join(folder, 'file', 'x.jsonl')))).rejects.toThrow(/\[jsonlLog\] expected to write ".*x\.jsonl", got E/);
    expect(() => jsonlLog('')).toThrow(/expected a path, got an empty text/);
    expect(() => jsonlLog('x', { everySteps: 0 })).toThrow(/everySteps to be a whole number >= 1/);
    expect(() => jsonlLog('x', { every: 1 } as never)).toThrow(/got every; leave it out/);
  });
});

/** The fields of a protocol-buffer message: [number, value], messages and texts as bytes. */
function fields(bytes: Uint8Array): [number, number | Uint8Array][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = key >> 3;
    const wire = key & 7;
    if (wire === 0) out.push([number, varint()]);
    else if (wire === 1) out.push([number, view.getFloat64((at += 8) - 8, true)]);
    else if (wire === 5) out.push([number, view.getFloat32((at += 4) - 4, true)]);
    else {
      const n = varint();
      out.push([number, bytes.subarray(at, (at += n))]);
    }
  }
  return out;
}

interface Read {
  step: number;
  version?: string;
  start?: number;
  scalars: Record<string, number>;
}

/** The events of a file, with every checksum checked. */
function events(file: Uint8Array): Read[] {
  const out: Read[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const text = new TextDecoder();
  for (let at = 0; at < file.length; ) {
    const n = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + n);
    expect(view.getUint32(at + 12 + n, true)).toBe(maskedCrc32c(data));
    at += 16 + n;
    const event: Read = { step: 0, scalars: {} };
    for (const [number, value] of fields(data)) {
      if (number === 1) expect(Math.abs((value as number) - Date.now() / 1000)).toBeLessThan(60);
      if (number === 2) event.step = value as number;
      if (number === 3) event.version = text.decode(value as Uint8Array);
      if (number === 7) event.start = fields(value as Uint8Array)[0][1] as number;
      if (number !== 5) continue;
      for (const [, v] of fields(value as Uint8Array)) {
        const [[, tag], [, scalar]] = fields(v as Uint8Array);
        event.scalars[text.decode(tag as Uint8Array)] = scalar as number;
      }
    }
    out.push(event);
  }
  return out;
}

describe('tensorBoard', () => {
  it('knows the published checksums', () => {
    // RFC 3720, B.4, and the check value of CRC-32C.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  it('begins as the files of TensorFlow do', () => {
    const first = tfRecord(encodeEvent({ wallTime: 1.5e9, step: 0, fileVersion: 'brain.Event:2' }));
    // The first 13 bytes of any event file of TensorFlow: 24, its checksum, and the tag of the time.
    expect(Buffer.from(first.subarray(0, 13)).toString('hex')).toBe('1800000000000000a37f4b2209');
    expect(first.length).toBe(24 + 16);
    expect(fields(first.subarray(12, first.length - 4))).toEqual([
      [1, 1.5e9],
      [3, new TextEncoder().encode('brain.Event:2')],
    ]);
  });

  it('writes scalars of steps and epochs', async () => {
    const where = join(folder, 'board', 'one');
    const { history } = await train(tensorBoard(where));
    const [name, ...others] = await readdir(where);
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const all = events(await readFile(join(where, name)));
    expect(all[0]).toEqual({ step: 0, version: 'brain.Event:2', scalars: {} });
    const steps = all.filter((e) => 'loss/step' in e.scalars);
    expect(steps.map((e) => e.step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(steps.map((e) => e.scalars['loss/step'])).toEqual(history.losses.map(Math.fround));
    expect(steps.map((e) => e.scalars.lr)).toEqual(Array.from({ length: 40 }, (_, i) => Math.fround(i < 20 ? 0.1 : 0.05)));
    const epochs = all.filter((e) => 'loss/train' in e.scalars);
    expect(epochs).toEqual(
      history.epochs.map(({ epoch, loss, metrics, validation }) => ({
        step: 20 * epoch,
        scalars: {
          'loss/train': Math.fround(loss),
          'accuracy/train': Math.fround(metrics.accuracy),
          'loss/validation': Math.fround(validation?.loss ?? 0),
          'accuracy/validation': Math.fround(validation?.accuracy ?? 0),
        },
      })),
    );
  });

  it('takes out later steps of earlier files when it goes on', async () => {
    const where = join(folder, 'board', 'two');
    const { trainer } = await train(tensorBoard(where), { stop: 25 });
    const checkpoint = join(folder, 'c.safetensors');
    await trainer.saveCheckpoint(checkpoint);
    await train(tensorBoard(where), { resume: checkpoint });
    const names = await readdir(where);
    expect(names.length).toBe(2);
    const both = await Promise.all(names.map(async (n) => events(await readFile(join(where, n)))));
    const resumed = both.find((e) => e[1].start !== undefined);
    expect(resumed?.[1]).toEqual({ step: 26, start: 1, scalars: {} });
    expect(resumed?.filter((e) => 'loss/step' in e.scalars).map((e) => e.step)).toEqual(Array.from({ length: 15 }, (_, i) => 26 + i));
  });

  it('is left out of a fastDevRun, and tells before the first step that it cannot write', async () => {
    const where = join(folder, 'board', 'three');
    const list = batches(2);
    await trainerFor(smallNet()).fit(asLoader(list), { epochs: 2, fastDevRun: true, callbacks: [tensorBoard(where)] });
    await expect(readdir(where)).rejects.toThrow('ENOENT');
    dispose(list);
    await expect(train(tensorBoard(join(folder, 'file')))).rejects.toThrow(/\[tensorBoard\] expected to write/);
  });
});

describe('terminateOnNaN', () => {
  it('ends with an error that names the step', async () => {
    const list = batches(4);
    const trainer = trainerFor(smallNet(), {});
    trainer.optimizer.paramGroups.forEach((g) => Object.assign(g, { lr: 1e30 }));
    await expect(trainer.fit(asLoader(list), { epochs: 9, callbacks: [terminateOnNaN()] })).rejects.toThrow(
      /\[terminateOnNaN\] expected a finite loss, got (NaN|Infinity) at step \d; lower the learning rate/,
    );
    dispose(list);
  });
});
