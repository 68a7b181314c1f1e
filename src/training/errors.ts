import { PixelclError } from '../torch'

/** Training cannot go on: says why, and what to change. */
export class TrainingError extends PixelclError {
  constructor(message: string) {
    super('TRAINING', message)
  }
}
