import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { data } from 'konv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/main.js';
import { loadImages } from '../src/train/dataset.js';
import { onInterrupt } from '../src/train/interrupt.js';

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
    for (const flag of ['--epochs', '--batch', '--lr', '--backend', '--seed', '--data', '--out', '--resume', '--help'])
      expect(out).toContain(flag);
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
    [
      ['--resume', '--out', '/no/such/run'],
      /\[--resume\] expected an interrupted training in "\/no\/such\/run\/checkpoint\.safetensors", got none/,
    ],
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
    const args = {
      epochs: 2,
      batch: 16,
      lr: 0.02,
      backend: null,
      seed: 42,
      data: null,
      out: join(folder, 'out'),
      resume: false,
      given: [],
    };
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

describe('Ctrl-C', () => {
  /** A folder with the first images of each file. */
  async function smallData(): Promise<string> {
    const where = await mkdtemp(join(folder, 'small-'));
    for (const name of await readdir(embedded)) {
      if (!name.endsWith('.gz')) continue;
      const bytes = gunzipSync(await readFile(join(embedded, name)));
      const head = name.includes('images') ? 16 : 8;
      const n = name.startsWith('train') ? 1280 : 256;
      bytes.writeUInt32BE(n, 4);
      await writeFile(join(where, name.replace('.gz', '')), bytes.subarray(0, head + n * (head === 16 ? 784 : 1)));
    }
    return where;
  }

  /** Runs the program and sends it a signal when its output says so. */
  function interrupt(args: string[], when: RegExp): Promise<{ code: number | null; out: string; err: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [cli, ...args]);
      let [out, err] = ['', ''];
      let sent = false;
      child.stdout.on('data', (chunk) => {
        out += chunk;
        if (sent || !when.test(out)) return;
        sent = true;
        child.kill('SIGINT');
      });
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }

  it('saves, and --resume goes on to the same numbers as an uninterrupted run', async () => {
    const small = await smallData();
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const flags = ['--data', small, '--epochs', '3', '--batch', '16', '--lr', '0.02', '--seed', '7'];
    const whole = await start([...flags, '--out', one]);
    expect(whole.code).toBe(0);
    const first = await interrupt([...flags, '--out', two], /epoch 1\/3/);
    expect(first.err).toBe('');
    expect(first.code).toBe(130);
    expect(first.out).toContain('Stopping after this step, to save it.');
    expect(first.out).toMatch(/Saved: .*two\/checkpoint\.safetensors\nGo on with: npm start -- --resume --out .*two\n$/);
    expect(await readdir(two)).toEqual(['checkpoint.safetensors']);

    for (const [wrong, message] of [
      [['--batch', '8'], /\[--resume\] expected --batch 16, as the training began, got 8; leave it out/],
      [['--epochs', '1'], /\[--resume\] expected more than the 1 epochs that are done, got --epochs 1/],
    ] as const) {
      const { code, err } = await start(['--resume', '--out', two, ...wrong]);
      expect(code).toBe(1);
      expect(err).toMatch(message);
    }

    const second = await start(['--resume', '--out', two]);
    expect(second.err).toBe('');
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/Going on after 1 epochs and \d+ of 80 steps\./);
    const numbers = (text: string) =>
      text
        .split('\n')
        .filter((l) => /^epoch [23]|^Test accuracy|\d %$/.test(l))
        .map((l) => l.replace(/ {2}\| {2}[\d.]+ s, \d+ images\/s$/, ''));
    expect(numbers(second.out)).toEqual(numbers(whole.out));
    expect(numbers(second.out).length).toBeGreaterThan(10);
    for (const name of ['lenet.safetensors', 'kernels.png', 'loss.png']) {
      expect((await readFile(join(two, name))).equals(await readFile(join(one, name))), name).toBe(true);
    }
    expect((await readdir(two)).sort()).toEqual(['kernels.png', 'lenet.safetensors', 'loss.png']);
  }, 60_000);

  it('before the training ends the program at once, and leaves nothing', async () => {
    const out = join(folder, 'three');
    const { code } = await interrupt(['--out', out], /konv on/);
    expect(code).not.toBe(0);
    expect(await readdir(out)).toEqual([]);
  });

  it('is heard once; the second has its usual effect', () => {
    const listeners = process.listenerCount('SIGINT');
    let heard = 0;
    const { signal, release } = onInterrupt(() => heard++);
    expect(process.listenerCount('SIGINT')).toBe(listeners + 1);
    process.listeners('SIGINT').at(-1)?.('SIGINT');
    expect([heard, signal.aborted]).toEqual([1, true]);
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    release();
  });
});
