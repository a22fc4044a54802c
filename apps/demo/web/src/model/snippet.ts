import { layersOf, written } from './layers.js';
import { MOMENTUM, type Settings } from './settings.js';

/** The optimizer as a program writes it. */
export function optimizerText({ optimizer, lr }: Settings): string {
  const options = optimizer === 'SGD' ? `{ lr: ${lr}, momentum: ${MOMENTUM} }` : `{ lr: ${lr} }`;
  return `new optim.${optimizer}(net.parameters(), ${options})`;
}

/**
 * The program that trains as the page does: same seed, same order of the pictures, same backend, so the same losses. It
 * reads the four IDX files of Fashion-MNIST from the folder `data`.
 */
export function snippet(settings: Settings, steps = 20): string {
  const { backend, batch, images, seed, threads } = settings;
  const imports = [
    'data',
    'manualSeed',
    'nn',
    'optim',
    'registerBackend',
    'scope',
    'useBackend',
    ...(backend === 'cpu-js' ? [] : [backend]),
  ];
  const options = backend === 'wasm' ? `{ threads: ${threads} }` : '';
  const used = backend === 'cpu-js' ? imports.filter((name) => name !== 'registerBackend') : imports;
  return [
    `import { ${used.sort().join(', ')} } from 'konv';`,
    '',
    ...(backend === 'cpu-js' ? [] : [`registerBackend(await ${backend}(${options}));`]),
    `useBackend('${backend}');`,
    `manualSeed(${seed});`,
    `const images = await data.FashionMNIST.load({ root: 'data', train: true, limit: ${images} });`,
    'const net = new nn.Sequential(',
    ...layersOf(settings).map((layer) => `  ${written(layer)},`),
    ');',
    `const optimizer = ${optimizerText(settings)};`,
    'let step = 0;',
    `while (step < ${steps}) {`,
    `  for await (const [x, y] of new data.DataLoader(images, { batchSize: ${batch}, shuffle: true })) {`,
    '    using _ = scope();',
    '    const loss = nn.functional.crossEntropy(net.forward(x), y);',
    '    optimizer.zeroGrad();',
    '    loss.backward();',
    '    optimizer.step();',
    '    console.log(++step, await loss.item());',
    `    if (step === ${steps}) break;`,
    '  }',
    '}',
    '',
  ].join('\n');
}
