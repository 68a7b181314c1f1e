// Loaded before the command line (`node --import`); turns the run into a control, for which the product has no option.
import { withShuffledCoordinates } from '../control.mjs'

void withShuffledCoordinates(() => new Promise(() => undefined))
