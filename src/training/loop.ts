import { setImmediate as nextTurn } from 'node:timers/promises'
import { worded, type Wording } from '../common/wording'
import * as torch from '../torch'
import { ArgumentError, isTensor, type Device, type Generator, type Tensor } from '../torch'
import { TrainingError } from './errors'
import type { LoopEvent, Sink, StepMetrics } from './metrics'
import type { Task, Values } from './task'

/** A part of a loop whose state can be saved and restored. */
interface Stateful {
  stateDict(): object
  loadStateDict(state: never): void
}

/** An optimizer, such as those of torch.optim; metrics report the learning rate of its first group. */
export interface LoopOptimizer extends Stateful {
  readonly paramGroups: readonly { lr: number }[]
  zeroGrad(): void
  step(): unknown
}

/** A scheduler, such as those of torch.optim.lrScheduler: sets the learning rates on construction and in each `step`. */
export interface Scheduler extends Stateful {
  step(): void
}

/** A source of batches whose position can be saved. */
export interface Loader<Batch> extends Stateful, AsyncIterator<Batch, unknown> {}

export interface LoopParts<Batch, Measured extends Values> {
  readonly task: Task<Batch, Measured>
  readonly optimizer: LoopOptimizer
  readonly scheduler: Scheduler
  readonly loader: Loader<Batch>
  /** Total number of steps, including those before a `load`. */
  readonly steps: number
  /** All generators that the task draws from, by name; default: torch's default generators of the CPU and of the parameters' device. */
  readonly generators?: Readonly<Record<string, Generator>>
  readonly events?: Sink<LoopEvent<Measured>>
  /** Advice appended to the error for a loss that is not finite. */
  readonly advice?: string | Wording
}

/** The state of a loop, which `torch.save` can write and `torch.load` read. */
export interface LoopState {
  readonly format: typeof FORMAT
  readonly step: number
  readonly seconds: number
  readonly task: Record<string, unknown>
  readonly optimizer: object
  readonly scheduler: object
  readonly loader: object
  /** States of the generators, uint8 [n]. */
  readonly generators: Record<string, Tensor>
}

/** Identifies the layout of `LoopState`; change it with the layout. */
const FORMAT = 'pixelcl loop 1'

/**
 * The training loop: forward, backward, optimizer step, the task's `afterStep`, scheduler step. It yields to the event loop after each step.
 *
 * It owns everything that determines the next step. A loop with the same options that loads its state continues bit for bit.
 *
 * @example
 * const weight = torch.ones([1], { requiresGrad: true })
 * const optimizer = new torch.optim.SGD([weight], 0.25)
 * const task = {
 *   parameters: () => [weight],
 *   step: (batch) => ({ loss: weight.mul(batch).sum(), examples: 1, values: {} }),
 *   stateDict: () => ({ weight }),
 *   loadStateDict: (state) => torch.noGrad(() => weight.copy_(state.weight)),
 * }
 * const none = { stateDict: () => ({}), loadStateDict: () => {} }
 * const loader = { ...none, next: async () => ({ done: false, value: torch.ones([1]) }) }
 * const loop = new Loop({ task, optimizer, scheduler: { ...none, step: () => {} }, loader, steps: 2 })
 * await loop.run()
 * weight.tolist() // [0.5]
 */
export class Loop<Batch, Measured extends Values> {
  private taken = 0
  private seconds = 0
  private isInStep = false

  constructor(private readonly parts: LoopParts<Batch, Measured>) {}

  /** Steps taken so far, including those before a `load`. */
  get step(): number {
    return this.taken
  }

  /**
   * Takes the remaining steps.
   *
   * @param shouldStop - Called after every step and while waiting for a batch; true ends the run.
   * @returns The steps taken so far, including those before a `load`.
   * @throws TrainingError for a loss that is not finite, before the weights change; any error of a part or a subscriber.
   */
  async run(shouldStop: () => boolean = () => false): Promise<number> {
    const { loader, steps, events } = this.parts
    const earlier = this.seconds
    const began = performance.now()
    let last = began
    while (this.taken < steps) {
      const batch = await unlessStopped(loader.next(), shouldStop)
      if (batch === null || batch.done === true) break
      const { examples, ...measured } = this.takeStep(batch.value)
      const now = performance.now()
      this.seconds = earlier + (now - began) / 1000
      const imagesPerSecond = (1000 * examples) / (now - last)
      last = now
      disposeBatch(batch.value)
      events?.emit({ type: 'step', metrics: { ...measured, imagesPerSecond, seconds: this.seconds } as StepMetrics<Measured> })
      await nextTurn()
      if (shouldStop()) break
    }
    return this.taken
  }

  private takeStep(batch: Batch): Omit<StepMetrics<Values>, 'imagesPerSecond' | 'seconds'> & { examples: number } {
    const { task, optimizer, scheduler, events } = this.parts
    this.isInStep = true
    const measured = torch.scope(() => {
      const { loss, examples, values } = task.step(batch)
      const value = this.finite(loss.item<number>())
      events?.emit({ type: 'loss', step: this.taken + 1, loss: value })
      optimizer.zeroGrad()
      loss.backward()
      if (this.taken === 0) task.checkGradients?.(values)
      const { lr } = optimizer.paramGroups[0]!
      optimizer.step()
      task.afterStep?.(this.taken)
      scheduler.step()
      this.taken++
      return { step: this.taken, loss: value, ...values, lr, examples }
    })
    this.isInStep = false
    return measured
  }

  private finite(loss: number): number {
    if (Number.isFinite(loss)) return loss
    if (this.taken === 0) {
      throw new TrainingError(
        `the loss is ${loss} at step 1, before any weight was changed: what the backbone gives for these images is not finite. ` +
          'Look for NaN or infinite values in its weights, and at custom augmentations',
      )
    }
    const { advice } = this.parts
    throw new TrainingError(
      worded`the loss became ${loss} at step ${this.taken + 1}: the steps before have spoilt the weights, so they are not saved${advice === undefined ? '' : worded`. ${advice}`}`,
    )
  }

  /**
   * The state of everything that determines the next steps: task, optimizer, scheduler, loader and generators.
   *
   * It holds the tensors themselves, as PyTorch's state dicts do, so save it before the next step.
   *
   * @throws TrainingError within a step, when the batch is used but the weights have not changed; call it on the event 'step'.
   */
  state(): LoopState {
    if (this.isInStep) throw new TrainingError("the loop's state is whole only between two steps: take it at the event 'step'")
    const { task, optimizer, scheduler, loader } = this.parts
    const generators = Object.entries(this.generators()).map(([name, generator]) => [name, generator.getState()])
    return {
      format: FORMAT,
      step: this.taken,
      seconds: this.seconds,
      task: task.stateDict(),
      optimizer: optimizer.stateDict(),
      scheduler: scheduler.stateDict(),
      loader: loader.stateDict(),
      generators: Object.fromEntries(generators) as Record<string, Tensor>,
    }
  }

  /**
   * Restores a state, perhaps of another process, in a loop built with the same options.
   *
   * @throws ArgumentError if it is not a loop's state or has other generators; any error of a part whose state does not fit.
   */
  load(state: LoopState): void {
    checkState(state)
    const { task, optimizer, scheduler, loader } = this.parts
    const generators = this.generators()
    const [wanted, given] = [generators, state.generators].map((named) => Object.keys(named).sort().join(', '))
    if (wanted !== given) throw new ArgumentError(`the state has generators ${given}, but this loop has ${wanted}`)
    task.loadStateDict(state.task)
    optimizer.loadStateDict(state.optimizer as never)
    scheduler.loadStateDict(state.scheduler as never)
    loader.loadStateDict(state.loader as never)
    // Generators come last, because a part may draw random numbers while it loads.
    for (const [name, generator] of Object.entries(generators)) generator.setState(state.generators[name]!)
    this.taken = state.step
    this.seconds = state.seconds
  }

  private generators(): Readonly<Record<string, Generator>> {
    const { generators, task } = this.parts
    if (generators !== undefined) return generators
    const devices = new Set<Device>(['cpu', ...task.parameters().map(({ device }) => device)])
    return Object.fromEntries([...devices].map((device) => [device, torch.defaultGenerator(device)]))
  }
}

function checkState(state: LoopState): void {
  const { format, step, seconds } = (typeof state === 'object' && state !== null ? state : {}) as Partial<LoopState>
  if (format !== FORMAT)
    throw new ArgumentError(`expected the state of a loop, whose format is '${FORMAT}', but received ${format ?? 'none'}`)
  const parts = ['task', 'optimizer', 'scheduler', 'loader', 'generators'] as const
  const missing = parts.find((part) => typeof state[part] !== 'object' || state[part] === null)
  if (missing !== undefined) throw new ArgumentError(`the state of the loop lacks its part '${missing}'`)
  if (!Number.isInteger(step) || step! < 0 || typeof seconds !== 'number')
    throw new ArgumentError(`the state of the loop must count its step and seconds but has ${String(step)} and ${String(seconds)}`)
}

/** Milliseconds between two calls of shouldStop while waiting for a batch. */
const LOOK = 100

/** Awaits a promise; gives null as soon as the training should stop. */
async function unlessStopped<T>(waited: Promise<T>, shouldStop: () => boolean): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const stop = new Promise<null>((resolve) => {
    timer = setInterval(() => shouldStop() && resolve(null), LOOK)
  })
  try {
    return await Promise.race([waited, stop])
  } finally {
    clearInterval(timer)
  }
}

/** Frees a batch's tensors, which were made outside the step's scope. */
function disposeBatch(batch: unknown): void {
  if (isTensor(batch)) batch.dispose()
  else if (Array.isArray(batch)) batch.forEach(disposeBatch)
}
