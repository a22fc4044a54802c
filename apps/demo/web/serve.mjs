#!/usr/bin/env node
// Serves the built page on the loopback with the isolation headers: npm run web [-- --port 8080]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from '../../../tools/browser/serve.mjs';
import { pageHeaders } from './headers.mjs';

const usage = 'usage: npm run web [-- --port N]   (a port of 0 ... 65535; default 8080, or a free one where it is taken)';

function portOf(args) {
  const { values } = parseArgs({ args, options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) return null;
  const port = Number(values.port ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`expected a port of 0 ... 65535, got "${values.port}"`);
  return port;
}

try {
  const port = portOf(process.argv.slice(2));
  if (port === null) console.log(usage);
  else {
    const folder = fileURLToPath(new URL('../dist/page', import.meta.url));
    const { url } = await serve(folder, pageHeaders, port).catch((error) => {
      if (error.code !== 'EADDRINUSE') throw error;
      return serve(folder, pageHeaders);
    });
    console.log(`konv's page: ${url}/\nCtrl-C ends it.`);
  }
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 1;
}
