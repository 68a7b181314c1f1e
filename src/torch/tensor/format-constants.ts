/**
 * The layouts and memory formats under Python's names: `torch.sparse_coo` is `torch.sparseCoo`, and its value the name
 * itself, `'sparseCoo'`.
 *
 * @see https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.layout
 */
export const strided = 'strided' as const
export const sparseCoo = 'sparseCoo' as const
export const sparseCsr = 'sparseCsr' as const
export const sparseCsc = 'sparseCsc' as const
export const sparseBsr = 'sparseBsr' as const
export const sparseBsc = 'sparseBsc' as const
export const jagged = 'jagged' as const
export const contiguousFormat = 'contiguousFormat' as const
export const preserveFormat = 'preserveFormat' as const
export const channelsLast = 'channelsLast' as const
export const channelsLast3d = 'channelsLast3d' as const
