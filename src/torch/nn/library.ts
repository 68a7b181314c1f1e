import { internals, Module, type AnyModule } from './module'

/**
 * @internal The base of the library's modules that are no declared layers, such as Sequential: their forward keeps neither what it is
 * given nor what it gives.
 */
export abstract class LibraryModule extends Module {}

// Declared layers carry their declaration here; this base has none, and stands where one would.
Object.defineProperty(LibraryModule.prototype, 'declaration', { value: null })

/**
 * @internal Whether the forward that a prototype holds is the library's own: that of a declared layer's class or its base, or of a class
 * directly below LibraryModule, and not one that somebody derived from them.
 */
export function isOfLibrary(owner: object): boolean {
  return Object.hasOwn(owner, 'declaration') || Object.hasOwn(Object.getPrototypeOf(owner) as object, 'declaration')
}

/** @internal Whether nobody keeps a tensor that goes into or comes out of a module: neither it, nor one below it, nor a hook. */
export function keepsNothing(module: AnyModule): boolean {
  for (const part of module.modules()) {
    const { preHooks, hooks } = part[internals]
    if (preHooks.size + hooks.size > 0 || part.call !== Module.prototype.call || !isOfLibrary(ownerOfForward(part))) return false
  }
  return true
}

function ownerOfForward(module: AnyModule): object {
  let owner: object = module
  while (!Object.hasOwn(owner, 'forward')) owner = Object.getPrototypeOf(owner) as object
  return owner
}
