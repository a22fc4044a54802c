export type {
  LayersModelArtifacts,
  LayersModelHandler,
  LayersModelJson,
  Quantization,
  WeightsGroup,
  WeightSpec,
} from './artifacts.js';
export { layersModelInfo, type LayersModelInfo, type LayersModelTensor, loadLayersModel, type LoadLayersModelOptions } from './load.js';
export type { LayersModelSource } from './source.js';
export {
  type LayersModelInMemory,
  type LayersModelSaver,
  saveLayersModel,
  type SaveLayersModelOptions,
  toLayersModel,
} from './save/save.js';
export type { QuantizedDType } from './save/encode.js';
