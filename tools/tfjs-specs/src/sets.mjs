import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const folderOf = (name) => dirname(require.resolve(`${name}/package.json`));

/** The installed packages, and their version: the specs are those of the very sources that are tested. */
export const coreFolder = folderOf('@tensorflow/tfjs-core');
export const wasmFolder = folderOf('@tensorflow/tfjs-backend-wasm');
export const coreVersion = require('@tensorflow/tfjs-core/package.json').version;

/** What networks of convolutions train through: the files of `dist/ops` whose specs make up the convolution set. */
const convolutions = [
  'avg_pool',
  'avg_pool_3d',
  'batchnorm',
  'conv1d',
  'conv2d',
  'conv2d_separable',
  'conv2d_transpose',
  'conv3d',
  'conv3d_transpose',
  'conv_util',
  'depthwise_conv2d',
  'dilation2d',
  'fused/fused_conv2d',
  'fused/fused_depthwise_conv2d',
  'fused/fused_mat_mul',
  'log_softmax',
  'mat_mul',
  'max_pool',
  'max_pool_3d',
  'max_pool_with_argmax',
  'moments',
  'pool',
  'softmax',
].map((name) => `ops/${name}_test`);

/** Files without a spec in Node: helpers of other files, and what needs a page or a file picker. */
const withoutSpecs =
  /^ops\/(identity_pool|draw|image\/rotate_with_offset)_test$|^io\/(browser_files|indexed_db|local_storage|model_management|passthrough|router_registry|weights_loader)_test$|^platforms\//;

/** Every spec file that the package holds and that has specs in Node, by its path in `dist` without the ending. */
export function everyFile() {
  return readdirSync(join(coreFolder, 'dist'), { recursive: true })
    .filter((f) => f.endsWith('_test.js'))
    .map((f) => f.replaceAll('\\', '/').slice(0, -'.js'.length))
    .filter((f) => !withoutSpecs.test(f))
    .sort();
}

/**
 * Sets by name, with how many specs each has on a backend: a bundle that lost some (specs have no exports, so bundlers
 * like to drop them) must not look green. Two specs are for the backend `cpu` only.
 */
export const sets = {
  conv: { files: () => convolutions, count: { cpu: 653, wasm: 653 } },
  all: { files: everyFile, count: { cpu: 4232, wasm: 4230 } },
};
