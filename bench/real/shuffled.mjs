// Loaded before the command line (`node --import`), it makes its run a control: the product itself knows of none.
import { withShuffledCoordinates } from '../control.mjs'

void withShuffledCoordinates(() => new Promise(() => undefined))
