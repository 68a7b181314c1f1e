import { ArgumentError, native, type ModuleHandle } from '../../native'
import { misfit } from '../call/errors'
import { Module, internals, shapeOf, type AnyModule, type Kind } from '../nn/module'
import type { Parameter } from '../nn/parameter'
import type { Tensor } from '../tensor/tensor'
import { computesNothing } from '../nn/containers'
import { isOfLibrary } from '../nn/library'
import { fatalSource } from './nesting'
import { writeTorchScriptFile } from './files'
import { ScriptModule } from './script-module'

/**
 * Writes a module as TorchScript, which Python loads with `torch.jit.load`, runs and trains without this package.
 *
 * Supports TorchScript modules, the layers of `torch.nn`, the models of `pixelcl/vision` and compositions of them.
 *
 * @throws ArgumentError for a module with another forward, advising to save its state dict.
 */
export function saveTorchScript(module: AnyModule, path: string): void {
  if (!((module as unknown) instanceof Module)) throw misfit('jit.saveTorchScript', 'module', 'a Module', module)
  checkShape(module)
  writeTorchScriptFile(programOf(module), path)
}

/** Maximum nesting of modules in a file, because libtorch and Python read them recursively. */
const DEEPEST = 300

function checkShape(module: AnyModule): void {
  const { isCyclic, depth } = shapeOf(module)
  const reason = isCyclic
    ? 'a module in it holds itself, as by a parent field: keep that in an array, [parent]'
    : depth > DEEPEST
      ? `its modules are nested ${depth} deep, where TorchScript takes ${DEEPEST}`
      : null
  if (reason !== null) throw new ArgumentError(`${nameOf(module, '')} cannot be written as TorchScript, for ${reason}`)
}

/** @internal The TorchScript program of a module, in which shared modules and tensors remain shared. */
export function programOf(module: AnyModule, path = '', known = new Map<AnyModule, ModuleHandle>()): ModuleHandle {
  if (module instanceof ScriptModule) return module._m
  const existing = known.get(module)
  if (existing !== undefined) return existing
  const source = sourceOf(module)
  if (source === null) throw unknownModule(module, path)
  checkHooks(module, path)
  const program = native.jitCreate(`__torch__.pixelcl.${className(module)}`)
  known.set(module, program)
  native.jitRegisterAttribute(program, 'training', 'bool', module.training)
  for (const [name, parameter] of membersOf<Parameter>(module, 'parameter')) {
    native.jitRegisterParameter(program, attribute(name, path), parameter._h, parameter.requiresGrad)
  }
  for (const [name, buffer] of membersOf<Tensor>(module, 'buffer')) native.jitRegisterBuffer(program, attribute(name, path), buffer._h)
  for (const [name, child] of membersOf<AnyModule>(module, 'module')) {
    native.jitRegisterModule(program, attribute(name, path), programOf(child, path === '' ? name : `${path}.${name}`, known))
  }
  if (source !== '') {
    const deep = fatalSource(source)
    if (deep !== null)
      throw new ArgumentError(`${nameOf(module, path)}: its torchScript() has ${deep.what} at line ${deep.line}, too many to compile`)
    native.jitDefine(program, source)
  }
  return program
}

/** Members under the names that the source uses, whatever spelling a loaded state used. */
function membersOf<T>(module: AnyModule, kind: Kind): (readonly [name: string, value: T])[] {
  return Array.from(module[internals].members.of(kind), ([{ pythonName }, value]) => [pythonName, value as T] as const)
}

/** The TorchScript source of a module's forward, empty for a container that computes nothing; null if the class or a base class has overridden the forward that the source describes. */
function sourceOf(module: AnyModule): string | null {
  for (let owner: object | null = module; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    if (computesNothing(owner)) return ''
    // Overriding call() changes the forward, too.
    if (Object.hasOwn(owner, 'call') && owner !== Module.prototype) return null
    const hasForward = Object.hasOwn(owner, 'forward')
    const hasSource = Object.hasOwn(owner, 'torchScript')
    if (hasForward && hasSource) return module.torchScript()
    if (hasForward || hasSource) return hasForward && isOfLibrary(owner) ? module.torchScript() : null
  }
  return null
}

function unknownModule(module: AnyModule, path: string): ArgumentError {
  return new ArgumentError(
    `${nameOf(module, path)} cannot be written as TorchScript, for its forward is TypeScript of its own. ` +
      'Save its state instead, torch.save(module.stateDict(), path), and load that into the same network in Python; or give a torchScript() method beside forward()',
  )
}

/** Rejects modules with hooks: TypeScript hooks cannot be saved, and the file would compute something else without them. */
function checkHooks(module: AnyModule, path: string): void {
  const { hooks, preHooks } = module[internals]
  if (hooks.size + preHooks.size === 0) return
  throw new ArgumentError(
    `${nameOf(module, path)} has forward hooks, which TorchScript cannot hold: remove() them first, or save module.stateDict()`,
  )
}

function nameOf(module: AnyModule, path: string): string {
  return `${module.constructor.name || 'a module'}${path === '' ? '' : ` (at '${path}')`}`
}

/** Python's keywords, which cannot be attribute names. */
const reserved = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)

function attribute(name: string, path: string): string {
  if (reserved.has(name))
    throw new ArgumentError(
      `the name '${path === '' ? name : `${path}.${name}`}' is a word of Python's own, so TorchScript cannot hold it: rename the field`,
    )
  return name
}

/** The class name as a valid Python identifier. */
function className(module: AnyModule): string {
  const name = module.constructor.name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9]|$)/, '_')
  return reserved.has(name) ? `${name}_` : name
}
