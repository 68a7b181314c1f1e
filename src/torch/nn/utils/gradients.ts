import { TorchError } from '../../../native'
import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import * as torch from '../../generated/functions'
import { vectorNorm } from '../../generated/linalg'
import type * as declared from '../../generated/declared/nn-utils-signatures'
import type { Tensor } from '../../tensor/tensor'

function gradientsOf(parameters: readonly Tensor[]): Tensor[] {
  return parameters.flatMap(({ grad }) => (grad === null ? [] : [grad]))
}

/**
 * The norm of all tensors, treated as one vector.
 *
 * @throws TorchError with `errorIfNonfinite` if the norm is NaN or infinite.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
 * @example
 * torch.nn.utils.getTotalNorm([torch.tensor([3]), torch.tensor([4])]).item() // 5
 */
export function getTotalNorm({ tensors, normType, errorIfNonfinite }: declared.GetTotalNormArguments): Tensor {
  return noGrad(() => {
    if (tensors.length === 0) return torch.zeros([])
    const { device } = tensors[0]!
    const norms = tensors.map((tensor) => vectorNorm(tensor, normType).to({ device }))
    const total = vectorNorm(torch.stack(norms), normType)
    if (errorIfNonfinite && !Number.isFinite(Number(total.item())))
      throw new TorchError(
        `getTotalNorm(): the total norm of order ${normType} is ${String(total.item())}, so nothing can be clipped by it: leave errorIfNonfinite out to scale by it all the same`,
      )
    return total
  })
}

/**
 * Scales the gradients, whose norm is `totalNorm`, so that the norm becomes at most `maxNorm`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
 */
export function clipGradsWithNorm_({ parameters, maxNorm, totalNorm }: declared.ClipGradsWithNorm_Arguments): void {
  noGrad(() => {
    // Clamp the factor instead of testing it, which would wait for the device; 1 changes nothing.
    const factor = totalNorm.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 })
    for (const gradient of gradientsOf(parameters)) gradient.mul_(factor.to({ device: gradient.device }))
  })
}

/**
 * Scales the gradients of all parameters so that their total norm is at most `maxNorm`; returns the norm before scaling.
 *
 * @throws TorchError with `errorIfNonfinite` if the norm is NaN or infinite, before any gradient changes.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * weight.mul(torch.tensor([3, 4])).sum().backward()
 * torch.nn.utils.clipGradNorm_(weight, 1).item() // 5
 */
export function clipGradNorm_({ parameters, maxNorm, normType, errorIfNonfinite }: declared.ClipGradNorm_Arguments): Tensor {
  const totalNorm = getTotalNorm({ tensors: gradientsOf(parameters), normType, errorIfNonfinite, foreach: null })
  clipGradsWithNorm_({ parameters, maxNorm, totalNorm, foreach: null })
  return totalNorm
}

/**
 * Clamps each element of the gradients to `-clipValue` … `clipValue`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * weight.mul(torch.tensor([3, -4])).sum().backward()
 * torch.nn.utils.clipGradValue_(weight, 1)
 * weight.grad.tolist() // [1, -1]
 */
export function clipGradValue_({ parameters, clipValue }: declared.ClipGradValue_Arguments): void {
  noGrad(() => {
    for (const gradient of gradientsOf(parameters)) gradient.clamp_(-clipValue, clipValue)
  })
}

/**
 * Concatenates all parameters into one vector.
 *
 * @throws ArgumentError for parameters on different devices.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
 * @example
 * torch.nn.utils.parametersToVector(new torch.nn.Linear(2, 3).parameters()).shape // [9]
 */
export function parametersToVector({ parameters }: declared.ParametersToVectorArguments): Tensor {
  checkDevices('parametersToVector', parameters)
  return torch.cat(parameters.map((parameter) => parameter.reshape([-1])))
}

/**
 * Sets the parameters, in order, to slices of one vector; afterwards they are views of it.
 *
 * @throws ArgumentError for parameters on different devices.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
 * @example
 * const linear = new torch.nn.Linear(2, 1)
 * torch.nn.utils.vectorToParameters(torch.ones([3]), linear.parameters())
 * linear.weight.tolist() // [[1, 1]]
 */
export function vectorToParameters({ vec, parameters }: declared.VectorToParametersArguments): void {
  checkDevices('vectorToParameters', parameters)
  let at = 0
  for (const parameter of parameters) {
    const count = parameter.numel()
    parameter.data = vec.narrow(0, at, count).view(parameter.shape).data
    at += count
  }
}

function checkDevices(call: string, parameters: readonly Tensor[]): void {
  const other = parameters.find(({ device }) => device !== parameters[0]!.device)
  if (other !== undefined) throw misfit(call, 'parameters', `tensors on ${parameters[0]!.device}, as the first,`, other.device)
}
