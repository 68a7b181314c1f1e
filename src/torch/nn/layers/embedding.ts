import * as layers from '../../generated/declared/nn-layers'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { bagSource, pretrained, table, type PretrainedOptions } from './tables'

/**
 * The vectors of a trained table at given indices: [*] to [*, embeddingDim]; weight [numEmbeddings, embeddingDim].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 * @example
 * new torch.nn.Embedding(5, 3).call(torch.tensor([0n, 4n])).shape // [2, 3]
 */
export class Embedding extends table(layers.Embedding) {
  /** An embedding with a given table, which `freeze`, the default, keeps from training. */
  static fromPretrained(embeddings: Tensor, options: PretrainedOptions<typeof Embedding> = {}): Embedding {
    return pretrained(Embedding, embeddings, options)
  }

  override forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this
    return F.embedding(input, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } as never)
  }
}

/**
 * The sums, means or maxima over bags of a trained table's vectors; bags are rows [N, B], or begin at `offsets` of [*].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 * @example
 * new torch.nn.EmbeddingBag(5, 3).call(torch.tensor([[0n, 4n]])).shape // [1, 3]
 */
export class EmbeddingBag extends table(layers.EmbeddingBag) {
  /** An embedding bag with a given table, which `freeze`, the default, keeps from training. */
  static fromPretrained(embeddings: Tensor, options: PretrainedOptions<typeof EmbeddingBag> = {}): EmbeddingBag {
    return pretrained(EmbeddingBag, embeddings, options)
  }

  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { weight, maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } = this
    const options = { offsets, maxNorm, normType, scaleGradByFreq, mode, sparse, perSampleWeights, includeLastOffset, paddingIdx }
    return F.embeddingBag(input, weight, options as never)
  }

  override torchScript(): string {
    return bagSource(this)
  }
}
