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
