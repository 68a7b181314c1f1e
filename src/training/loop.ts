import { setImmediate as nextTurn } from 'node:timers/promises'
import { worded, type Wording } from '../common/wording'
import * as torch from '../torch'
import { ArgumentError, isTensor, type Generator, type Tensor } from '../torch'
import { TrainingError } from './errors'
import type { LoopEvent, Sink, StepMetrics } from './metrics'
import type { Task, Values } from './task'

/** A part of a loop whose state can be taken and given back. */
interface Stateful {
  stateDict(): object
  loadStateDict(state: never): void
}

/** As torch's optimizers; one group's learning rate is the one that is told. */
export interface LoopOptimizer extends Stateful {
  readonly paramGroups: readonly { lr: number }[]
  zeroGrad(): void
  step(): unknown
}

/** As torch's schedulers: it sets the optimizer's learning rates when it is made and after every step. */
export interface Scheduler extends Stateful {
  step(): void
}

/** Batches, and where among them the next one stands. */
export interface Loader<Batch> extends Stateful, AsyncIterator<Batch, unknown> {}

export interface LoopParts<Batch, Measured extends Values> {
  readonly task: Task<Batch, Measured>
  readonly optimizer: LoopOptimizer
  readonly scheduler: Scheduler
  readonly loader: Loader<Batch>
  /** Steps after which the loop ends, those before a load included. */
  readonly steps: number
  /** All generators that the task draws from, by a name of one's own; default: torch's default ones of the CPU and the parameters' device. */
  readonly generators?: Readonly<Record<string, Generator>>
  readonly events?: Sink<LoopEvent<Measured>>
  /** What to change when the loss stops being finite: ends the error's message. */
  readonly advice?: string | Wording
}

/** The whole state of a loop, which `torch.save` writes and `torch.load` reads. */
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

/** Raised when the parts of a state change. */
const FORMAT = 'pixelcl loop 1'

/**
 * Takes steps on a task: forward, backward, optimizer, what follows, scheduler; it yields to the event loop after each.
 *
 * It owns everything that decides the next step, so that its state, saved and loaded into a loop made alike, goes on to the bit.
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

  /** Steps taken so far, those before a load included. */
  get step(): number {
    return this.taken
  }

  /**
   * Takes the steps that are left.
   *
   * @param shouldStop - Asked after every step, and while a batch is waited for; true ends the run there.
   * @returns The steps taken so far, those before a load included.
   * @throws TrainingError for a loss that is not finite, whose step then moves no weights; whatever a part or a subscriber throws.
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
   * Everything that decides the next steps: of task, optimizer, scheduler, loader and generators.
   *
   * Its tensors are the live ones, as of PyTorch's state dicts: save it before the next step.
   *
   * @throws TrainingError in the middle of a step, when the batch is taken and the weights have not moved; take it at the event 'step'.
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
   * Takes back what `state` gave, here or in another process, in a loop whose parts were made with the same options.
   *
   * @throws ArgumentError for what is no state of a loop, or of other generators; whatever a part throws for a state that does not fit it.
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
    // Last, for a part may draw while it loads.
    for (const [name, generator] of Object.entries(generators)) generator.setState(state.generators[name]!)
    this.taken = state.step
    this.seconds = state.seconds
  }

  private generators(): Readonly<Record<string, Generator>> {
    const { generators, task } = this.parts
    if (generators !== undefined) return generators
    const devices = new Set(['cpu', ...task.parameters().map(({ device }) => device)])
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

/** Milliseconds between two looks at whether to stop, while a batch is waited for. */
const LOOK = 100

/** What is waited for, or null once the training is to stop. */
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

/** A batch is made outside of the step's scope, so its tensors are freed here. */
function disposeBatch(batch: unknown): void {
  if (isTensor(batch)) batch.dispose()
  else if (Array.isArray(batch)) batch.forEach(disposeBatch)
}
