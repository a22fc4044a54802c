import {
  checkEmbeddingOptions,
  checkPaddingIdx,
  embedding,
  type Generator,
  isTensor,
  KonvError,
  noGrad,
  Parameter,
  ShapeError,
  showShape,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, flag, whole } from './arguments.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { normal_ } from './init.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';

/** What the table does when it is read. */
interface ReadOptions {
  /** Rows that are read and longer than this are scaled to it first, for good. Default: none. */
  maxNorm?: number | null;
  /** The p of the norm for `maxNorm`. Default: 2. */
  normType?: number;
  /** Divides a row's gradient by how often it is read. Default: false. */
  scaleGradByFreq?: boolean;
}
export interface EmbeddingLayerOptions extends FactoryOptions, ReadOptions {
  /** A row that starts as 0 and gets no gradient; negative ones count from the end. Default: none. */
  paddingIdx?: number | null;
}
export interface PretrainedOptions extends ReadOptions {
  /** Whether the table is left as it is by training. Default: true. */
  freeze?: boolean;
  /** A row that gets no gradient; its values stay as they are given. Default: none. */
  paddingIdx?: number | null;
}
const readNames = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq'];

/** An option of this file's own: the table of `fromPretrained`, so that nothing is drawn for it. */
const TABLE = Symbol('table');
interface WithTable {
  [TABLE]?: Parameter;
}

/** PyTorch's sparse gradients save memory with optimizers that know them; konv has none. */
function refuseSparse(options: object): void {
  if (!Object.hasOwn(options ?? {}, 'sparse')) return;
  const got = String((options as { sparse?: unknown }).sparse);
  throw new KonvError('Embedding', `expected no sparse, got ${got}: gradients are dense; leave it out`);
}

/**
 * y[i...] = weight[indices[i...]]: a table of vectors, one for each of `numEmbeddings` words.
 *
 * indices int32 of any shape -> [...indices, embeddingDim]; weight [numEmbeddings, embeddingDim]. Starts as N(0, 1) with 0
 * in row `paddingIdx`, which gets no gradient either. Errors: `ShapeError` for an index out of range; `DTypeError` unless
 * int32; `KonvError` for options, `sparse` among them: gradients are dense. Source: torch.nn.Embedding.
 */
export class Embedding extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super();
    refuseSparse(options);
    checkOptions('Embedding', options, [...readNames, ...factoryNames]);
    this.numEmbeddings = whole('Embedding', 'numEmbeddings', numEmbeddings, 1);
    this.embeddingDim = whole('Embedding', 'embeddingDim', embeddingDim, 1);
    this.paddingIdx = checkPaddingIdx('Embedding', options.paddingIdx, numEmbeddings);
    checkEmbeddingOptions('Embedding', options);
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    const table = (options as WithTable)[TABLE];
    this.weight = table ?? emptyParameter('Embedding', [numEmbeddings, embeddingDim], options);
    if (table === undefined) this.resetParameters(options.generator);
  }

  /** A layer over a table [numEmbeddings, embeddingDim], which it takes over as Parameter does. */
  static fromPretrained(table: Tensor, options: PretrainedOptions = {}): Embedding {
    refuseSparse(options);
    checkOptions('fromPretrained', options, ['freeze', ...readNames]);
    checkEmbeddingOptions('fromPretrained', options);
    if (!isTensor(table) || table.rank !== 2) {
      const got = isTensor(table) ? showShape(table.shape) : typeof table;
      throw new ShapeError('fromPretrained', `expected a table [numEmbeddings, embeddingDim], got ${got}; reshape it`);
    }
    const frozen = flag('fromPretrained', 'freeze', options.freeze ?? true);
    checkPaddingIdx('fromPretrained', options.paddingIdx, table.shape[0]);
    const { freeze: _, ...read } = options;
    const own: EmbeddingLayerOptions & WithTable = {
      ...read,
      [TABLE]: new Parameter(table, { requiresGrad: !frozen }),
    };
    return new Embedding(table.shape[0], table.shape[1], own);
  }

  /** Draws the initial values anew. */
  resetParameters(generator?: Generator): void {
    normal_(this.weight, { generator });
    const { paddingIdx, weight } = this;
    if (paddingIdx !== null) noGrad(() => weight.set_([paddingIdx], 0));
  }

  override forward(indices: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(indices, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    const limit = this.maxNorm === null ? '' : `, max_norm=${this.maxNorm}`;
    const norm = this.normType === 2 ? '' : `, norm_type=${this.normType}`;
    const scaled = this.scaleGradByFreq ? ', scale_grad_by_freq=True' : '';
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}${limit}${norm}${scaled}`;
  }
}
