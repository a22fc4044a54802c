import { describe, expect, it } from 'vitest';
import { isSoftware, rendererArgs } from '../src/browser/renderer.js';
import { readOptions, WrongOptions } from '../src/options.js';
import { convShapes, withImages } from '../src/tasks.js';

describe('options', () => {
  it('are all suites and peers of Node by themselves', () => {
    expect(readOptions([])).toMatchObject({ browser: false, backends: null, quick: false, json: null });
    expect(readOptions([]).suites).toContain('download');
    expect(readOptions([]).peers).toContain('torch');
  });

  it('are those of a page with --browser', () => {
    expect(readOptions(['--browser'])).toMatchObject({
      browser: true,
      angle: 'swiftshader',
      suites: ['conv', 'lenet'],
      peers: ['tfjs-webgl', 'tfjs-nchw'],
    });
    expect(readOptions(['--browser', '--suite', 'gemm', '--angle', 'metal', '--no-peers', '--backend', 'wasm,webgl'])).toMatchObject({
      suites: ['gemm'],
      angle: 'metal',
      peers: [],
      backends: ['wasm', 'webgl'],
    });
  });

  it.each([
    [['--browser', '--suite', 'threads'], 'expected suites with --browser of gemm, conv, lenet, got threads'],
    [['--browser', '--peers', 'torch'], 'expected peers with --browser of tfjs-webgl, tfjs-nchw, got torch'],
    [['--suite', 'nothing'], 'got nothing'],
    [['--angle', 'gl'], 'expected --angle with --browser'],
    [['--markdown', 'x.md'], 'expected --markdown with --browser'],
    [['--fast'], '--fast'],
  ])('%j are refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(WrongOptions);
    expect(() => readOptions(args)).toThrow(message);
  });
});

describe('the renderer', () => {
  const softwareArgs = ['--software'];

  it('is software only where that was asked for', () => {
    expect(rendererArgs('swiftshader', softwareArgs)).toContain('--software');
    expect(rendererArgs('metal', softwareArgs)).toContain('--use-angle=metal');
    expect(rendererArgs('metal', softwareArgs)).not.toContain('--software');
    expect(rendererArgs('vulkan', softwareArgs)).toContain('--enable-features=Vulkan');
  });
});

describe('isSoftware', () => {
  it.each([
    ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)', true],
    ['ANGLE (Mesa, llvmpipe (LLVM 15.0.6 256 bits), OpenGL 4.5)', true],
    ['ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0, D3D11)', true],
    ['ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)', false],
    ['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)', false],
  ])('%s: %s', (renderer, expected) => {
    expect(isSoftware(renderer)).toBe(expected);
  });
});

describe('withImages', () => {
  it('takes images from large convolutions only', () => {
    const fewer = withImages(convShapes, 2);
    const changed = fewer.filter((s, i) => s !== convShapes[i]);
    expect(changed.map((s) => [s.name, s.batch])).toEqual([
      ['3x3, 64 ch, 56^2', 2],
      ['3x3, 128 ch, 28^2', 2],
      ['1x1, 256 to 64', 2],
      ['3x3 stride 2', 2],
      ['7x7 stride 2, 224^2', 2],
    ]);
    expect(withImages(convShapes, null)).toEqual(convShapes);
  });
});
