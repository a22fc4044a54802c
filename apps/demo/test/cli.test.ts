import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { data } from 'konv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/main.js';
import { loadImages } from '../src/train/dataset.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const embedded = fileURLToPath(new URL('../data', import.meta.url));

/** Runs the built program, as `npm start` does. */
async function start(args: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env: { ...process.env, ...env } });
    return { code: 0, out: stdout, err: stderr };
  } catch (e) {
    const { code, stdout, stderr } = e as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konv-demo-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('flags', () => {
  it('explains itself', async () => {
    const { code, out } = await start(['--help']);
    expect(code).toBe(0);
    for (const flag of ['--epochs', '--batch', '--lr', '--backend', '--seed', '--data', '--out', '--help']) expect(out).toContain(flag);
  });

  it.each([
    [['--epochs', '0'], /--epochs.*got "0"/],
    [['--epochs', '1.5'], /--epochs.*got "1.5"/],
    [['--epochs', 'many'], /--epochs.*got "many"/],
    [['--batch', '-1'], /--batch.*got "-1"/],
    [['--lr', '0'], /--lr, got "0"/],
    [['--lr', 'NaN'], /--lr, got "NaN"/],
    [['--seed', '-3'], /--seed.*got "-3"/],
    [['--seed', '4294967296'], /--seed.*got "4294967296"/],
    [['--data', ''], /--data, got nothing/],
    [['--epochs'], /argument missing/],
    [['--speed', '9'], /unknown option '--speed'/],
    [['extra'], /too many arguments/],
    [['--backend', 'cuda'], /\[ready\] expected a registered backend \(cpu-js\), got "cuda"/],
    [['--data', '/no/such/folder'], /no\/such\/folder/],
    [['--out', '/dev/null/x'], /\[--out\] expected a folder that can be written, got "\/dev\/null\/x" \(ENOTDIR\)/],
    [['--out', fileURLToPath(import.meta.url)], /\[--out\] expected a folder .* \(EEXIST\)/],
  ])('refuse %j in one clear line', async (args, message) => {
    const { code, out, err } = await start(args, { KONV_DATA: '' });
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
    expect(out).toBe('');
  });
});

describe('data', () => {
  it('falls back on the embedded subset, and takes what it is given', async () => {
    const { train, test, source } = await loadImages(null, '/no/such/folder');
    expect([train.length, test.length]).toEqual([10_000, 2_000]);
    expect(source).toContain('shipped');
    expect((await loadImages(embedded)).train.length).toBe(10_000);
  });

  it('refuses a truncated file, naming it', async () => {
    const broken = await mkdtemp(join(folder, 'data-'));
    for (const name of await readdir(embedded)) {
      const bytes = await readFile(join(embedded, name));
      await writeFile(join(broken, name), name.startsWith('train-images') ? bytes.subarray(0, 5000) : bytes);
    }
    const { code, err } = await start(['--data', broken]);
    expect(code).toBe(1);
    expect(err).toMatch(/train-images/);
    expect(err).not.toContain('    at ');
  });
});

describe('the whole program', () => {
  it('tells the story, trains, writes and reloads', async () => {
    // Fewer images: the first of each file, in files of the same form.
    let text = '';
    const small = {
      train: await data.FashionMNIST.load({ root: embedded, train: true, limit: 1600 }),
      test: await data.FashionMNIST.load({ root: embedded, train: false, limit: 300 }),
      source: 'a test',
    };
    const args = { epochs: 2, batch: 16, lr: 0.02, backend: null, seed: 42, data: null, out: join(folder, 'out') };
    await run(args, { write: (t) => void (text += t) }, async () => small);
    for (const digits of [
      'epoch 2, loss 8.330',
      'epoch 4, loss 1.722',
      'epoch 6, loss 0.422',
      'epoch 8, loss 0.125',
      'epoch 10, loss 0.043',
    ]) {
      expect(text).toContain(digits);
    }
    expect(text).toContain('tensor([[ 1.0063, -0.9662]])');
    expect(text).toMatch(/tensor\(\[\[19\., 25\.\],\s+.*\[37\., 43\.\]\]\)/);
    expect(text).toContain('1 000 000 x 1 000 = 10^9 weights');
    expect(text).toMatch(/Conv2d\(1, 16, 5\).* 416\n/);
    expect(text).toContain('greatest difference after moving back: 0\n');
    expect(text).toMatch(/epoch 2\/2 {2}loss .* images\/s\n/);
    const [, accuracy] = /Test accuracy: (\d+\.\d+) %/.exec(text) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(50);
    expect(text).toContain(`A fresh LeNet-5 with that file: test accuracy ${accuracy} %, the same`);
    expect((await readdir(args.out)).sort()).toEqual(['kernels.png', 'lenet.safetensors', 'loss.png']);
    const png = await readFile(join(args.out, 'kernels.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
  });
});
