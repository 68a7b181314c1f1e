import { ArgumentError } from '../../native'
import { noGrad } from '../autograd'
import type { Tensor } from '../tensor'

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

/** The factor by which a nonlinearity changes the scale of what passes it. */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3
    case 'relu':
      return Math.sqrt(2)
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + param ** 2))
    case 'selu':
      return 3 / 4
    case 'linear':
    case 'sigmoid':
      return 1
    default:
      throw new ArgumentError(`unknown nonlinearity '${String(nonlinearity)}': expected linear, sigmoid, tanh, relu, leakyRelu or selu`)
  }
}

function fans(tensor: Tensor): { fanIn: number; fanOut: number } {
  const [outputs, inputs, ...kernel] = tensor.shape
  if (outputs === undefined || inputs === undefined) throw new ArgumentError('fan in and fan out need a tensor of two or more dimensions')
  const field = kernel.reduce((product, size) => product * size, 1)
  return { fanIn: inputs * field, fanOut: outputs * field }
}

export function calculateFanIn(tensor: Tensor): number {
  return fans(tensor).fanIn
}

interface KaimingOptions {
  a?: number
  mode?: 'fanIn' | 'fanOut'
  nonlinearity?: Nonlinearity
}

function deviation(tensor: Tensor, { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions): number {
  if (mode !== 'fanIn' && mode !== 'fanOut') throw new ArgumentError(`unknown mode '${String(mode)}': expected fanIn or fanOut`)
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(tensor)[mode])
}

/** Fills with uniform numbers whose scale keeps the variance through a ReLU network. */
export function kaimingUniform_(tensor: Tensor, options: KaimingOptions = {}): Tensor {
  if (tensor.numel() === 0) return tensor
  const bound = Math.sqrt(3) * deviation(tensor, options)
  return uniform_(tensor, -bound, bound)
}

/** Fills with normal numbers whose scale keeps the variance through a ReLU network. */
export function kaimingNormal_(tensor: Tensor, options: KaimingOptions = {}): Tensor {
  if (tensor.numel() === 0) return tensor
  return normal_(tensor, 0, deviation(tensor, options))
}

export function uniform_(tensor: Tensor, low = 0, high = 1): Tensor {
  return noGrad(() => tensor.uniform_(low, high))
}

export function normal_(tensor: Tensor, mean = 0, std = 1): Tensor {
  return noGrad(() => tensor.normal_(mean, std))
}

export function constant_(tensor: Tensor, value: number): Tensor {
  return noGrad(() => tensor.fill_(value))
}

export function zeros_(tensor: Tensor): Tensor {
  return noGrad(() => tensor.zero_())
}

export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1)
}

export function xavierUniform_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(tensor)
  const bound = Math.sqrt(3) * gain * Math.sqrt(2 / (fanIn + fanOut))
  return uniform_(tensor, -bound, bound)
}

export function xavierNormal_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(tensor)
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)))
}
