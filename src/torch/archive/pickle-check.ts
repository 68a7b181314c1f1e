import { readPickle } from './pickle-reader'
import { finish, PickledObject, PickleFunction } from './pickle-values'

/**
 * Checks the structure of a pickle, with any globals, before libtorch reads it.
 *
 * @throws FileError if it is damaged, nested too deeply, or needs far more memory than its size justifies.
 */
export function checkPickle(bytes: Buffer): void {
  const { value } = readPickle(bytes, {
    findGlobal: (module, name) => new PickleFunction(`${module}.${name}`, (args) => new PickledObject(`${module}.${name}`, args)),
    persistentLoad: () => null,
  })
  finish(value, { wholeFloats: 'number', finishObject: (object) => object })
}
