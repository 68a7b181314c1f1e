import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import type { DeclaredClass } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Device, DType } from '../../tensor/dtype'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor/tensor'
import { isTensor } from '../../tensor/base'
import { normal_ } from '../init'
import { Parameter } from '../parameter'
import type { TableLayer } from './bases'
import { declares, layer } from './layer'
import { pythonBool, pythonFloat } from '../torch-script'
import { pythonRepr } from './repr'

interface TableArguments {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | null
  readonly device: Device | null
  readonly dtype: DType | null
}

interface TableFields extends TableLayer {
  readonly paddingIdx: number | null
  readonly normType: number
  readonly mode?: string
}

/** @internal The base of a layer that looks vectors up in a trained table. */
export function table<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>): Constructor {
  abstract class Table extends (layer(signature) as unknown as abstract new (...given: unknown[]) => TableFields) {
    protected override build({ numEmbeddings, embeddingDim, paddingIdx, device, dtype }: TableArguments): void {
      if (paddingIdx !== null && (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings))
        throw misfit(signature.name, 'paddingIdx', `an index of ${numEmbeddings} embeddings`, paddingIdx)
      if (paddingIdx !== null && paddingIdx < 0) this.fields['paddingIdx'] = paddingIdx + numEmbeddings
      this.weight = new Parameter(torch.empty([numEmbeddings, embeddingDim], { device, dtype }))
      this.resetParameters()
    }

    override resetParameters(): void {
      const { paddingIdx, weight } = this
      normal_(weight)
      if (paddingIdx !== null) noGrad(() => weight.select(0, paddingIdx).fill_(0))
    }

    override extraRepr(): string {
      const isBag = this.mode !== undefined
      const norm = this.normType === 2 ? '' : ' normType'
      const parts = this.shown(`:numEmbeddings :embeddingDim${isBag ? '' : ' paddingIdx?'} maxNorm?${norm} scaleGradByFreq?`)
      return isBag
        ? `${parts}, ${this.shown('mode paddingIdx?')}`
        : `${parts}${this.fields['sparse'] === true ? `, sparse=${pythonRepr(true)}` : ''}`
    }
  }
  return declares(Table) as unknown as Constructor
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

/** @internal The TorchScript of an embedding bag, whose offsets and weights may be left out. */
export function bagSource({ paddingIdx, maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset }: BagFields): string {
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

/** What `fromPretrained` takes beside the table: `freeze` (default true) and the constructor's options. */
export type PretrainedOptions<Class> = Class extends new (options: infer Named) => unknown
  ? Partial<Omit<Named, 'numEmbeddings' | 'embeddingDim' | 'device' | 'dtype'>> & { readonly freeze?: boolean }
  : never

/** @internal A table layer whose weights are given ones, taken over without a copy. */
export function pretrained<Table extends TableLayer>(
  create: new (options: never) => Table,
  embeddings: Tensor,
  { freeze = true, ...options }: { readonly freeze?: boolean },
): Table {
  if (!isTensor(embeddings) || embeddings.dim() !== 2)
    throw new ArgumentError(`${create.name}.fromPretrained() takes a table [numEmbeddings, embeddingDim] of two dimensions`)
  const [numEmbeddings, embeddingDim] = embeddings.shape
  const result = new create({ ...options, numEmbeddings, embeddingDim } as never)
  result.weight = new Parameter(embeddings, !freeze)
  return result
}
