export { enableWasmTraining, type WasmTraining, type WasmTrainingOptions } from './enable.js';
