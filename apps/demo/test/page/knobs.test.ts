import { describe, expect, it } from 'vitest';
import type { BenchRow } from '../../web/src/model/protocol.js';
import { usualLr } from '../../web/src/model/settings.js';
import { barLength, browserName, caveats, decades, isSoftware, type Machine, toMarkdown } from '../../web/src/sections/compare/words.js';
import {
  placeOnLog,
  powerOfTen,
  rate,
  rateOfSlider,
  shortDifference,
  slider,
  sliderOfRate,
  wholeBetween,
} from '../../web/src/sections/knobs/numbers.js';

describe('what is typed', () => {
  it('is taken when it is a whole number within bounds', () => {
    const read = wholeBetween(1, 32);
    expect(read('32')).toEqual({ value: 32 });
    for (const text of ['', ' ', '0', '33', '1.5', 'six', '-1', 'NaN'])
      expect(read(text)).toEqual({ error: 'Expected a whole number from 1 to 32; nothing was changed.' });
  });
  it('is taken as a rate when it is above 0 and no more than 10', () => {
    expect(rate('1e-3')).toEqual({ value: 0.001 });
    for (const text of ['', '0', '-1', '10.1', 'x', 'Infinity']) expect(rate(text)).toHaveProperty('error');
  });
});

describe('logarithmic scales', () => {
  it("the slider gives round rates and finds every optimizer's usual one", () => {
    expect(rateOfSlider(-2)).toBe(0.01);
    expect(rateOfSlider(-1.7)).toBe(0.02);
    expect(sliderOfRate(10)).toBe(slider.high);
    expect(sliderOfRate(1e-9)).toBe(slider.low);
    for (const lr of Object.values(usualLr)) expect(rateOfSlider(sliderOfRate(lr))).toBe(lr);
  });
  it('places differences, those outside at the ends', () => {
    expect(placeOnLog(1e-6, -9, -3)).toBeCloseTo(0.5, 12);
    expect([0, 1e-12, 1, Number.POSITIVE_INFINITY].map((x) => placeOnLog(x, -9, -3))).toEqual([0, 0, 1, 1]);
  });
  it('writes them', () => {
    expect(powerOfTen(-12)).toBe('10⁻¹²');
    expect([0, 3.14e-7, Number.POSITIVE_INFINITY].map(shortDifference)).toEqual(['none', '3.1e−7', 'not comparable']);
  });
  it('draws bars between the powers of ten around all of them', () => {
    expect(decades([2, 300])).toEqual([0, 3]);
    expect(decades([2, 3])).toEqual([0, 1]);
    expect(barLength(1000, [2, 300, 1000])).toBe(1);
    expect(barLength(10, [2, 300])).toBeCloseTo(1 / 3, 12);
  });
});

const machine: Machine = { browser: 'Chromium 141', cores: 4, isolated: true, renderer: 'ANGLE (Google, Vulkan (SwiftShader))' };

describe('words about a measurement', () => {
  it('says that WebGL is drawn in software', () => {
    expect(isSoftware(machine.renderer)).toBe(true);
    expect(isSoftware('llvmpipe (LLVM 15)')).toBe(true);
    expect(isSoftware('Apple M2')).toBe(false);
    expect(caveats(machine).join(' ')).toContain('drawn in software');
    expect(caveats({ ...machine, renderer: 'Apple M2' }).join(' ')).not.toContain('software');
    expect(caveats({ ...machine, isolated: false }).join(' ')).toContain('wasm has one thread');
  });
  it('finds the name of the browser', () => {
    const chromium = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
    expect(browserName(chromium)).toBe('Chromium 141');
    expect(browserName(`${chromium} Edg/141.0.0.0`)).toBe('Edge 141');
    expect(browserName('Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15')).toBe('Safari 17');
    expect(browserName('?')).toBe('this browser');
  });
  it('makes a table of Markdown, and words cannot break it', () => {
    const row: BenchRow = {
      library: 'konv',
      backend: 'wasm, 1 thread',
      what: 'forward',
      ms: 4.567,
      gflops: 5.8,
      rounds: 7,
      unavailable: null,
    };
    const refused: BenchRow = { ...row, library: 'TensorFlow.js', ms: null, gflops: null, unavailable: 'no | kernel\nat all' };
    const text = toMarkdown([row, refused], 'LeNet-5', machine);
    expect(text).toContain('| konv | wasm, 1 thread | forward | 4.57 | 5.80 |\n');
    expect(text).toContain('| TensorFlow.js | wasm, 1 thread | forward | no \\| kernel at all |  |\n');
    expect(text.startsWith('LeNet-5\n\n| library |')).toBe(true);
  });
});
