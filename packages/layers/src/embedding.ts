import {
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

export interface EmbeddingLayerOptions extends FactoryOptions {
  /** A row that starts as 0 and gets no gradient; negative ones count from the end. Default: none. */
  paddingIdx?: number | null;
}
export interface PretrainedOptions {
  /** Whether the table is left as it is by training. Default: true. */
  freeze?: boolean;
  /** A row that gets no gradient; its values stay as they are given. Default: none. */
  paddingIdx?: number | null;
}

/** An option of this file's own: the table of `fromPretrained`, so that nothing is drawn for it. */
const TABLE = Symbol('table');
interface WithTable {
  [TABLE]?: Parameter;
}

const absent: Readonly<Record<string, string>> = {
  maxNorm: 'rows are not rescaled; do it yourself under noGrad',
  normType: 'it belongs to maxNorm, which is not there',
  scaleGradByFreq: 'gradients are sums over all uses of a row',
  sparse: 'gradients are dense',
};

/** What PyTorch has and konv has not is named, where it would change something. */
function refuseAbsent(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(name in absent)) continue;
    throw new KonvError('Embedding', `expected no ${name}, got ${String(value)}: ${absent[name]}; leave it out`);
  }
}

/**
 * y[i...] = weight[indices[i...]]: a table of vectors, one for each of `numEmbeddings` words.
 *
 * indices int32 of any shape -> [...indices, embeddingDim]; weight [numEmbeddings, embeddingDim]. Starts as N(0, 1) with 0
 * in row `paddingIdx`, which gets no gradient either. Errors: `ShapeError` for an index out of range; `DTypeError` unless
 * int32; `KonvError` for `maxNorm`, `scaleGradByFreq` and `sparse`, which are not there. Source: torch.nn.Embedding.
 */
export class Embedding extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super();
    if (typeof options === 'object' && options !== null) refuseAbsent(options);
    checkOptions('Embedding', options, ['paddingIdx', ...factoryNames]);
    this.numEmbeddings = whole('Embedding', 'numEmbeddings', numEmbeddings, 1);
    this.embeddingDim = whole('Embedding', 'embeddingDim', embeddingDim, 1);
    this.paddingIdx = checkPaddingIdx('Embedding', options.paddingIdx, numEmbeddings);
    const table = (options as WithTable)[TABLE];
    this.weight = table ?? emptyParameter('Embedding', [numEmbeddings, embeddingDim], options);
    if (table === undefined) this.resetParameters(options.generator);
  }

  /** A layer over a table [numEmbeddings, embeddingDim], which it takes over as Parameter does. */
  static fromPretrained(table: Tensor, options: PretrainedOptions = {}): Embedding {
    refuseAbsent(options);
    checkOptions('fromPretrained', options, ['freeze', 'paddingIdx']);
    if (!isTensor(table) || table.rank !== 2) {
      const got = isTensor(table) ? showShape(table.shape) : typeof table;
      throw new ShapeError('fromPretrained', `expected a table [numEmbeddings, embeddingDim], got ${got}; reshape it`);
    }
    const frozen = flag('fromPretrained', 'freeze', options.freeze ?? true);
    checkPaddingIdx('fromPretrained', options.paddingIdx, table.shape[0]);
    const own: EmbeddingLayerOptions & WithTable = {
      paddingIdx: options.paddingIdx,
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
    return embedding(indices, this.weight, { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
