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
  'backend-testkit': ['core-tensor', 'trainer', 'layers', 'autograd'],
  konv: ['core-tensor', 'autograd', 'layers', 'data', 'formats', 'trainer'],
};

/** Only by `import()`: a bundle holds the backend that the program asks for. */
export const dynamicArrows = { konv: ['backend-cpu-js'] };

/** Packages run in browsers too: these alone may reach Node's file system, and only by `import()`. */
export const mayReachNode = ['data', 'formats', 'trainer'];

/** npm packages that a package's sources may import, beyond Node and the workspace. */
export const outsiders = {};
