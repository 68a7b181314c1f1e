import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import type { Tensor } from '../../tensor/tensor'
import { isTensor } from '../../tensor/base'
import * as body from '../functional/embedding'
import { normal_ } from '../init'
import { Parameter } from '../parameter'
import { pythonBool, pythonFloat } from '../torch-script'
import type { TableLayer } from './bases'
import { functionLayer, type FunctionDetails, type LayerDetails } from './layer'

type Table = Pick<layers.EmbeddingArguments, 'numEmbeddings' | 'embeddingDim' | 'paddingIdx'>

/** The common details of layers that look up vectors in a trained table. */
const table = (name: string): LayerDetails<Table> => ({
  prepare: ({ numEmbeddings, paddingIdx }) => {
    if (paddingIdx !== null && (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings))
      throw misfit(name, 'paddingIdx', `an index of ${numEmbeddings} embeddings`, paddingIdx)
    return { paddingIdx: paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx }
  },
  parameters: ({ numEmbeddings, embeddingDim }) => ({ weight: [numEmbeddings, embeddingDim] }),
  reset: ({ weight, paddingIdx }: TableLayer & Table) => {
    normal_(weight)
    if (paddingIdx !== null) noGrad(() => weight.select(0, paddingIdx).fill_(0))
  },
})

/** The source is written by hand, because optional inputs of forward cannot be recorded. */
const bagDetails: FunctionDetails<Table> = {
  ...table('EmbeddingBag'),
  inputs: 'input offsets perSampleWeights',
  source: bagSource,
  shows: ({ normType }: layers.EmbeddingBagArguments) => `:numEmbeddings :embeddingDim ${shownNorm(normType)} mode paddingIdx?`,
}

/** The printed fields that both table layers share. */
const shownNorm = (normType: number): string => `maxNorm?${normType === 2 ? '' : ' normType'} scaleGradByFreq?`

const embeddingDetails: FunctionDetails<Table> = {
  ...table('Embedding'),
  shows: ({ normType }: layers.EmbeddingArguments) => `:numEmbeddings :embeddingDim paddingIdx? ${shownNorm(normType)} sparse?`,
}

/**
 * The vectors of a trained table at given indices: [*] to [*, embeddingDim]; weight [numEmbeddings, embeddingDim].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 * @example
 * new torch.nn.Embedding(5, 3).call(torch.tensor([0n, 4n])).shape // [2, 3]
 */
export class Embedding extends functionLayer(layers.Embedding, declared.embedding, body.embedding, embeddingDetails) {
  /** An embedding with a given table, which is not trained with `freeze`, the default. */
  static fromPretrained(embeddings: Tensor, options: PretrainedOptions<typeof Embedding> = {}): Embedding {
    return pretrained(Embedding, embeddings, options)
  }
}

/**
 * The sums, means or maxima over bags of a trained table's vectors; bags are rows [N, B], or begin at `offsets` of [*].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 * @example
 * new torch.nn.EmbeddingBag(5, 3).call(torch.tensor([[0n, 4n]])).shape // [1, 3]
 */
export class EmbeddingBag extends functionLayer(layers.EmbeddingBag, declared.embeddingBag, body.embeddingBag, bagDetails) {
  /** An embedding bag with a given table, which is not trained with `freeze`, the default. */
  static fromPretrained(embeddings: Tensor, options: PretrainedOptions<typeof EmbeddingBag> = {}): EmbeddingBag {
    return pretrained(EmbeddingBag, embeddings, options)
  }
}

interface BagFields {
  readonly paddingIdx: number | null
  readonly maxNorm: number | null
  readonly normType: number
  readonly scaleGradByFreq: boolean
  readonly mode: string
  readonly sparse: boolean
  readonly includeLastOffset: boolean
}

/** The TorchScript source of an embedding bag, with optional offsets and weights. */
function bagSource({ paddingIdx, maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset }: BagFields): string {
  const flags = `${pythonBool(scaleGradByFreq)}, ${['sum', 'mean', 'max'].indexOf(mode)}, ${pythonBool(sparse)}`
  const norm = `${pythonFloat(maxNorm ?? 0)}, ${pythonFloat(normType)}`
  return [
    'def forward(self, input: Tensor, offsets: Optional[Tensor]=None, per_sample_weights: Optional[Tensor]=None) -> Tensor:',
    '    if input.dim() == 2:',
    '        starts = torch.arange(0, input.numel(), input.size(1), dtype=4, device=input.device)',
    '        if per_sample_weights is not None:',
    '            per_sample_weights = per_sample_weights.reshape([-1])',
    '    else:',
    '        assert offsets is not None, "offsets is missing"',
    '        starts = offsets',
    '    flat = input.reshape([-1])',
    ...(maxNorm === null ? [] : [`    torch.embedding_renorm_(self.weight.detach(), flat, ${norm})`]),
    `    bags = torch.embedding_bag(self.weight, flat, starts, ${flags}, per_sample_weights, ${pythonBool(includeLastOffset)}, ${paddingIdx ?? 'None'})`,
    '    return bags[0]',
    '',
  ].join('\n')
}

/** The options of `fromPretrained`: `freeze` (default true) and those of the constructor. */
type PretrainedOptions<Class> = Class extends new (options: infer Named) => unknown
  ? Partial<Omit<Named, 'numEmbeddings' | 'embeddingDim' | 'device' | 'dtype'>> & { readonly freeze?: boolean }
  : never

/** A table layer that uses the given weights without copying them. */
function pretrained<Table extends TableLayer>(
  create: new (options: never) => Table,
  embeddings: Tensor,
  { freeze = true, ...options }: { readonly freeze?: boolean },
): Table {
  if (!isTensor(embeddings) || embeddings.dim() !== 2)
    throw misfit(`${create.name}.fromPretrained`, 'embeddings', 'a Tensor [numEmbeddings, embeddingDim]', embeddings)
  const [numEmbeddings, embeddingDim] = embeddings.shape
  const result = new create({ ...options, numEmbeddings, embeddingDim } as never)
  result.weight = new Parameter(embeddings, !freeze)
  return result
}
