import { native } from '../../native'
import { declared, read } from '../call/declared'
import { checkSynchronous } from '../call/synchronous'

const signatureOf = (name: string) => declared<unknown>(name, 'body:c')
const NO_GRAD = signatureOf('noGrad')
const ENABLE_GRAD = signatureOf('enableGrad')
const INFERENCE_MODE = signatureOf('inferenceMode')
const SET_GRAD_ENABLED = declared<unknown>('setGradEnabled', 'mode:b', 'body:c?=null')

/** Whether operations are recorded in a graph. */
export function isGradEnabled(): boolean {
  return native.isGradEnabled()
}

function withGrad<T>(call: string, enabled: boolean, body: () => T): T {
  const previous = native.isGradEnabled()
  native.setGradEnabled(enabled)
  try {
    return checkSynchronous(body(), call)
  } finally {
    native.setGradEnabled(previous)
  }
}

/**
 * Runs `body` without recording a graph.
 *
 * @throws ArgumentError for what is no function, and for an async one.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
 * @example
 * const w = torch.ones([2], { requiresGrad: true })
 * torch.noGrad(() => w.mul(2)).requiresGrad // false
 */
export function noGrad<T>(body: () => T): T {
  read(NO_GRAD, [body])
  return withGrad('noGrad', false, body)
}

/**
 * Runs `body` with operations recorded in a graph, even inside `noGrad`.
 *
 * @throws ArgumentError for what is no function, and for an async one.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
 * @example
 * const w = torch.ones([2], { requiresGrad: true })
 * torch.noGrad(() => torch.enableGrad(() => w.mul(2))).requiresGrad // true
 */
export function enableGrad<T>(body: () => T): T {
  read(ENABLE_GRAD, [body])
  return withGrad('enableGrad', true, body)
}

/**
 * Runs `body` with recording on or off; without `body`, switches it until the next call.
 *
 * @throws ArgumentError for a mode that is neither true nor false.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.set_grad_enabled.html
 * @example
 * torch.setGradEnabled(false, () => torch.isGradEnabled()) // false
 */
export function setGradEnabled<T = undefined>(mode: boolean, body?: () => T): T | undefined {
  read(SET_GRAD_ENABLED, [mode, body])
  if (body !== undefined) return withGrad('setGradEnabled', mode, body)
  native.setGradEnabled(mode)
  return undefined
}

/** Whether inference mode is enabled. */
export function isInferenceModeEnabled(): boolean {
  return native.isInferenceMode()
}

/**
 * Runs `body` in inference mode, without graph and version counters; the tensors that it makes can never require a gradient.
 *
 * @throws ArgumentError for what is no function, and for an async one.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
 * @example
 * torch.inferenceMode(() => torch.ones([2]).isInference()) // true
 */
export function inferenceMode<T>(body: () => T): T {
  read(INFERENCE_MODE, [body])
  native.enterInferenceMode()
  try {
    return checkSynchronous(body(), 'inferenceMode')
  } finally {
    native.leaveInferenceMode()
  }
}
