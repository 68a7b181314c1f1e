import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import type * as declared from '../../generated/declared/nn-init-signatures'
import { randperm } from '../../generated/functions'
import { qr } from '../../generated/linalg'
import { scope } from '../../memory'
import type { Tensor } from '../../tensor/tensor'

/**
 * Fills with a (semi) orthogonal matrix times `gain`; dimensions after the second count as columns.
 *
 * A tensor without elements is unchanged.
 *
 * @throws ArgumentError for fewer than two dimensions.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 * @example
 * const weight = torch.nn.init.orthogonal_(torch.empty([2, 3]))
 * torch.allclose(weight.mm(weight.t()), torch.eye(2), { atol: 1e-6 }) // true
 */
export function orthogonal_({ tensor, gain, generator }: declared.Orthogonal_Arguments): Tensor {
  if (tensor.dim() < 2) throw misfit('orthogonal_', 'tensor', 'a Tensor of two or more dimensions', tensor)
  if (tensor.numel() === 0 || tensor.isMeta) return tensor
  const rows = tensor.shape[0]!
  const columns = tensor.numel() / rows
  const isWide = rows < columns
  scope(() =>
    noGrad(() => {
      const drawn = tensor.newEmpty([rows, columns]).normal_(0, 1, { generator })
      const { Q, R } = qr(isWide ? drawn.t_() : drawn)
      // The signs of a QR decomposition are arbitrary; with those of R's diagonal, Q is uniform over orthogonal matrices (arXiv math-ph/0609050).
      const signed = Q.mul_(R.diag().sign())
      const matrix = isWide ? signed.t_() : signed
      tensor.viewAs(matrix).copy_(matrix)
      tensor.mul_(gain)
    }),
  )
  return tensor
}

/**
 * Fills a matrix with values drawn from a normal distribution, and sets a fraction of each column, rounded up, to 0.
 *
 * As in Python, these elements are drawn with the CPU's default generator, whatever `generator` is.
 *
 * @throws ArgumentError for other than two dimensions.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
 * @example
 * torch.nn.init.sparse_(torch.empty([4, 3]), 0.5).eq(0).sum(0).tolist() // [2, 2, 2]
 */
export function sparse_({ tensor, sparsity, std, generator }: declared.Sparse_Arguments): Tensor {
  if (tensor.dim() !== 2) throw misfit('sparse_', 'tensor', 'a Tensor of two dimensions', tensor)
  if (tensor.isMeta) return tensor
  const [rows, columns] = tensor.shape as [number, number]
  const zeros = Math.ceil(sparsity * rows)
  noGrad(() => {
    tensor.normal_(0, std, { generator })
    for (let column = 0; column < columns; column++)
      scope(() => {
        const chosen = randperm(rows).narrow(0, 0, zeros).to({ device: tensor.device })
        tensor.select(1, column).indexFill_(0, chosen, 0)
      })
  })
  return tensor
}
