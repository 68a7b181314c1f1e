import { ArgumentError, native, type ModuleHandle } from '../../native'
import type { AnyModule } from '../nn/module'
import { writeTorchScriptFile } from './files'
import { ScriptModule } from './script-module'

/**
 * Writes a module as TorchScript, which Python runs with `torch.jit.load` without this package, and can train further.
 *
 * Serves TorchScript modules, the layers of `torch.nn`, the models of `pixelcl/vision` and compositions of these.
 *
 * @throws ArgumentError for a module whose forward is written elsewhere: names the state dict as the way.
 */
export function saveTorchScript(module: AnyModule, path: string): void {
  writeTorchScriptFile(programOf(module), path)
}

/** @internal The TorchScript program of a module. */
export function programOf(module: AnyModule, path = ''): ModuleHandle {
  if (module instanceof ScriptModule) return module._m
  const source = sourceOf(module)
  if (source === null) throw unknownModule(module, path)
  const program = native.jitCreate(`__torch__.pixelcl.${module.constructor.name}`)
  native.jitRegisterAttribute(program, 'training', 'bool', module.training)
  for (const [name, parameter] of module.ownParameters()) native.jitRegisterParameter(program, name, parameter._h, parameter.requiresGrad)
  for (const [name, buffer] of module.ownBuffers()) native.jitRegisterBuffer(program, name, buffer._h)
  for (const [name, child] of module.ownChildren())
    native.jitRegisterModule(program, name, programOf(child, path === '' ? name : `${path}.${name}`))
  native.jitDefine(program, source)
  return program
}

/** The source of a module's own forward; null where its class, or one above it, has another forward than the source tells. */
function sourceOf(module: AnyModule): string | null {
  for (
    let prototype = Object.getPrototypeOf(module) as object | null;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    const hasForward = Object.hasOwn(prototype, 'forward')
    const hasSource = Object.hasOwn(prototype, 'torchScript')
    if (hasForward || hasSource) return hasForward && hasSource ? module.torchScript() : null
  }
  return null
}

function unknownModule(module: AnyModule, path: string): ArgumentError {
  const where = path === '' ? '' : ` (at '${path}')`
  return new ArgumentError(
    `${module.constructor.name}${where} cannot be written as TorchScript, for its forward is TypeScript of its own. ` +
      'Save its state instead, torch.save(module.stateDict(), path), and load that into the same network in Python; or give a torchScript() method beside forward()',
  )
}
