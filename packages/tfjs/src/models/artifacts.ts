/** The format's own types, written down here so that nothing of TensorFlow.js is needed to load or save a model. */

/** How a weight's values are stored in fewer bytes: `q scale + min`, or as float16. */
export interface Quantization {
  dtype: 'uint8' | 'uint16' | 'float16';
  scale?: number;
  min?: number;
  /** The dtype before quantisation; in files that tfjs-converter wrote. */
  original_dtype?: string;
}

/** One weight of a manifest: where its bytes lie follows from its place in the list. */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'string' | 'complex64';
  quantization?: Quantization;
  /** 'optimizer' marks what is no weight of the model. */
  group?: 'model' | 'optimizer';
}

/** Files that together hold the bytes of these weights, one after another. */
export interface WeightsGroup {
  paths: string[];
  weights: WeightSpec[];
}

/** The content of model.json. */
export interface LayersModelJson {
  format?: string;
  generatedBy?: string;
  convertedBy?: string | null;
  modelTopology: object;
  weightsManifest: WeightsGroup[];
  trainingConfig?: object;
  userDefinedMetadata?: object;
}

/** A model in memory, as TensorFlow.js's IOHandlers give and take it. */
export interface LayersModelArtifacts {
  format?: string;
  generatedBy?: string;
  convertedBy?: string | null;
  modelTopology?: object;
  weightSpecs?: WeightSpec[];
  weightData?: ArrayBuffer | ArrayBuffer[] | Uint8Array;
  trainingConfig?: object;
  userDefinedMetadata?: object;
}

/** What has a `load` that gives artifacts: an IOHandler of TensorFlow.js. */
export interface LayersModelHandler {
  load(): Promise<LayersModelArtifacts>;
}

/** Chunks one after another. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((n, chunk) => n + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
