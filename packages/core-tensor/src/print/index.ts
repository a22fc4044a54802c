export { formatTensor, type PrintableTensor } from './tensor.js';
export { getPrintOptions, type PrintOptions, type PrintProfile, setPrintOptions } from './options.js';
