import { ArgumentError } from '../../native'
import { keep } from '../base'
import type { Tensor } from '../tensor'
import type { AnyModule } from './module'
import { Parameter } from './parameter'
import { fitted, type StateDict } from './state'
import { joined } from './tree'

interface Place {
  readonly module: AnyModule
  readonly field: string
  readonly tensor: Tensor
}

/**
 * @internal Puts a state's tensors in place of the module's own.
 *
 * @throws ArgumentError where one of them cannot take its place; then nothing is changed.
 */
export function assignState(root: AnyModule, state: Readonly<StateDict>): void {
  const places: Place[] = []
  for (const [prefix, module] of root.walk('', null)) {
    for (const [name, own] of module.ownStateTensors()) {
      const key = joined(prefix, name)
      if (Object.hasOwn(state, key))
        places.push({ module, field: module.fieldOf(name), tensor: successor(key, fitted(state[key]!, own), own) })
    }
  }
  for (const { module, field, tensor } of places) module.exchange(field, keep(tensor))
}

/** What takes the place of a tensor: a parameter's is a parameter that requires a gradient if it does. */
function successor(key: string, given: Tensor, own: Tensor): Tensor {
  if (!(own instanceof Parameter)) return given instanceof Parameter ? given.detach() : given
  if (own.requiresGrad && !given.isFloatingPoint() && !given.isComplex())
    throw new ArgumentError(
      `'${key}' requires a gradient, which a tensor of ${given.dtype} cannot have: load without assign, which converts`,
    )
  if (!(given instanceof Parameter)) return new Parameter(given, own.requiresGrad)
  given.requiresGrad = own.requiresGrad
  return given
}
