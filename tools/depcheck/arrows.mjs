// The arrows of the house: who may import whom. Whatever is not listed is forbidden.
// Adding an arrow is a decision about the design: write an ADR with it.
export const arrows = {
  'core-tensor': [],
  autograd: ['core-tensor'],
  layers: ['core-tensor'],
  data: ['core-tensor'],
  formats: ['core-tensor'],
  trainer: ['core-tensor', 'layers', 'autograd', 'data', 'formats'],
  'backend-cpu-js': ['core-tensor'],
  // Kernels over memory that the caller owns: they know nothing of tensors.
  'wasm-kernels': [],
  'backend-wasm': ['core-tensor', 'wasm-kernels'],
  'backend-webgl': ['core-tensor'],
  // Its training kernels are konv's own, over tfjs's heap (docs/adr/0017); layers models become Modules (docs/adr/0018).
  tfjs: ['core-tensor', 'layers', 'formats', 'wasm-kernels', 'backend-wasm'],
  'backend-testkit': ['core-tensor', 'trainer', 'layers', 'autograd'],
  // cpu-js is the embedded default: `ones([6, 8])` needs it at once, so it cannot come by import() (docs/adr).
  konv: ['core-tensor', 'autograd', 'layers', 'data', 'formats', 'trainer', 'backend-cpu-js'],
};

/** Only by `import()`: a bundle holds the backends that the program asks for. Per package, the other backends. */
export const dynamicArrows = { konv: ['backend-wasm', 'backend-webgl'] };

/** Packages run in browsers too: these alone may reach Node's own modules (files, worker threads), never by an import. */
export const mayReachNode = ['data', 'formats', 'trainer', 'wasm-kernels', 'backend-wasm', 'tfjs'];

/** npm packages that a package's sources may import, beyond Node and the workspace. */
export const outsiders = {
  'backend-testkit': ['fast-check'],
  tfjs: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
};
