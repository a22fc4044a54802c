import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSafetensors } from '@konv/formats';
import { accuracy, checkpoint, earlyStopping, type EpochRecord, type Progress, progressBar } from '@konv/trainer';
import { describe, expect, it } from 'vitest';
import { asLoader, batches, smallNet, trainerFor } from './support.js';

const record = (epoch: number, loss: number, extra: Partial<EpochRecord> = {}): EpochRecord => ({
  epoch,
  loss,
  metrics: {},
  validation: null,
  samples: 1,
  seconds: 1,
  complete: true,
  ...extra,
});

/** Feeds epoch losses to a callback and tells after how many it stopped. */
async function stopsAfter(options: Parameters<typeof earlyStopping>[0], records: EpochRecord[]): Promise<number | null> {
  const callback = earlyStopping(options);
  let reason: string | null = null;
  const p = {
    stop: (r: string) => {
      reason = r;
    },
  } as never;
  await callback.onFitStart?.(p);
  for (const [i, r] of records.entries()) {
    await callback.onEpochEnd?.(p, r);
    if (reason !== null) return i + 1;
  }
  return null;
}

describe('earlyStopping', () => {
  it.each([
    ['patience 0', { patience: 0 }, [3, 2, 2.5], 3],
    ['patience 2', { patience: 2 }, [3, 2, 2.5, 2.4, 2.3, 2.2], 5],
    ['falling', { patience: 1 }, [3, 2, 1, 0.5], null],
    ['minDelta', { patience: 0, minDelta: 0.5 }, [3, 2.8], 2],
    ['NaN', { patience: 1 }, [1, Number.NaN, Number.NaN, 0.5], 3],
  ])('%s', async (_name, options, losses, expected) => {
    expect(
      await stopsAfter(
        options,
        losses.map((l, i) => record(i + 1, l)),
      ),
    ).toBe(expected);
  });

  it('watches a metric of the validation, where more is better', async () => {
    const seen = [0.5, 0.6, 0.55].map((a, i) => record(i + 1, 1, { validation: { loss: 1, accuracy: a } }));
    expect(await stopsAfter({ monitor: 'accuracy', patience: 0 }, seen)).toBe(3);
  });

  it('names the numbers there are', async () => {
    await expect(stopsAfter({ monitor: 'f1' }, [record(1, 1)])).rejects.toThrow(/expected one of loss, got "f1"/);
    expect(() => earlyStopping({ patience: -1 })).toThrow(/patience to be a whole number >= 0, got -1/);
    expect(() => earlyStopping({ mode: 'up' as never })).toThrow(/mode 'min' or 'max'/);
  });
});

describe('checkpoint', () => {
  it('writes the state dict whole, and only the best when asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'konv-'));
    try {
      const net = smallNet();
      const trainer = trainerFor(net);
      const path = join(folder, 'net.safetensors');
      await trainer.fit(asLoader(batches(2)), { epochs: 2, callbacks: [checkpoint(path)] });
      const saved = await loadSafetensors(path);
      expect(Object.keys(saved).sort()).toEqual(Object.keys(net.stateDict()).sort());
      for (const [key, t] of Object.entries(net.stateDict())) expect(saved[key].dataSync()).toEqual(t.dataSync());
      expect(await readdir(folder)).toEqual(['net.safetensors']);
      const bytes = await readFile(path);
      const worse = { ...record(9, 99), validation: { loss: 99 } };
      const best = checkpoint(path, { best: true });
      const p = { trainer, totalSteps: 2 } as Progress;
      await best.onFitStart?.(p);
      await best.onSave?.({ ...p, epoch: 1 }, record(1, 1));
      await best.onSave?.({ ...p, epoch: 9 }, worse);
      expect((await readFile(path)).toString('latin1')).toContain('"epoch":"1"');
      expect(bytes.toString('latin1')).toContain('"epoch":"2"');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('progressBar', () => {
  const fit = async (isTTY: boolean, columns = 100): Promise<string> => {
    let text = '';
    const stream = { isTTY, columns, write: (t: string) => void (text += t) };
    const trainer = trainerFor(smallNet(), { metrics: { accuracy } });
    const list = batches(30);
    await trainer.fit(asLoader(list), { epochs: 2, validation: asLoader(list), callbacks: [progressBar({ stream, fps: 1e9 })] });
    return text;
  };

  it('prints plain lines where there is no terminal', async () => {
    const lines = (await fit(false)).trimEnd().split('\n');
    expect(lines.length).toBe(2);
    expect(lines[1]).toMatch(
      /^epoch 2\/2 {2}loss \d\.\d{4} {2}accuracy \d+\.\d % {2}\| {2}validation loss \d\.\d{4} {2}accuracy \d+\.\d % {2}\| {2}\d+\.\d s, \d+ images\/s$/,
    );
  });

  it('draws and overwrites a bar in a terminal, never wider than it', async () => {
    const text = await fit(true, 60);
    const frames = text.split('\r').filter((f) => f.startsWith('epoch') && !f.includes('|'));
    expect(frames.length).toBeGreaterThan(20);
    expect(frames.every((f) => [...f.replace('\x1b[K', '')].length <= 59)).toBe(true);
    expect(await fit(true, 200)).toMatch(/epoch 1\/2 █+░+ \d+\/30 {2}loss \d\.\d{4} {2}accuracy .*images\/s {2}\d:\d\d left/);
  });
});
