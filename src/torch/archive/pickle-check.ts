import { readPickle } from './pickle-reader'
import { finish, PickledObject, PickleFunction } from './pickle-values'

/**
 * Reads a pickle for its form alone, whatever it names, before another reader is trusted with it.
 *
 * @throws FileError for one that is damaged, nested too deep, or asks for far more memory than its size needs.
 */
export function checkPickle(bytes: Buffer): void {
  const { value } = readPickle(bytes, {
    findGlobal: (module, name) => new PickleFunction(`${module}.${name}`, (args) => new PickledObject(`${module}.${name}`, args)),
    persistentLoad: () => null,
  })
  finish(value, { wholeFloats: 'number', finishObject: (object) => object })
}
