import { internals, Module, type AnyModule } from './module'

/**
 * @internal The base class of the library's modules without a declared constructor, such as Sequential. Marks exact classes whose forward
 * keeps neither input nor output.
 */
export abstract class LibraryModule extends Module {}

// `isOfLibrary` looks for this property, which holds the signature of declared layers.
Object.defineProperty(LibraryModule.prototype, 'declaration', { value: null })

/**
 * @internal Whether the forward of a prototype is the library's: of a declared layer's class or base class, or of a direct subclass of
 * LibraryModule, but not of a user's subclass.
 */
export function isOfLibrary(owner: object): boolean {
  return Object.hasOwn(owner, 'declaration') || Object.hasOwn(Object.getPrototypeOf(owner) as object, 'declaration')
}

/** @internal Whether neither a module, nor its descendants, nor a hook keeps the module's input or output. */
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
