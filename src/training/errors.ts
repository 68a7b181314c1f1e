import type { Wording } from '../common/wording'
import { PixelclError } from '../torch'

/** Training cannot continue; the message says why and what to change. */
export class TrainingError extends PixelclError {
  constructor(message: string | Wording) {
    super('TRAINING', message)
  }
}
