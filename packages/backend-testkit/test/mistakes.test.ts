import { expect, it } from 'vitest';
import { mistakes } from '../src/mistakes/all.js';

const page = (): string =>
  [
    '# What konv says when something is wrong',
    '',
    'Every message names the operation and, inside a network, the path of the layer; what was expected, what came, and what to do.',
    'It is the same on every backend, and nothing has changed when it is thrown. These are the mistakes that people make most;',
    'the conformance suite makes each of them on every backend.',
    '',
    ...mistakes.flatMap(({ title, message }) => [
      `- **${title[0].toUpperCase()}${title.slice(1)}**`,
      '',
      '  ```',
      indented(message),
      '  ```',
      '',
    ]),
  ].join('\n');

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

it('there are at least 25, each with a title of its own, what was expected, what came and a remedy', () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(25);
  expect(new Set(mistakes.map((m) => m.title)).size).toBe(mistakes.length);
  for (const { title, message } of mistakes) expect(message, title).toMatch(/expected .*, got .*[;?].+/s);
});

it('docs/mistakes.md shows them all', async () => {
  await expect(page()).toMatchFileSnapshot('../../../docs/mistakes.md');
});
