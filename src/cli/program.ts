import { setImmediate as nextTurn } from 'node:timers/promises'
import { Command, CommanderError } from 'commander'
import { suggestion } from '../common/suggestions'
import { loadShimWhenUsed, packageVersion } from '../native/load'
import { EXIT_CODES, ExitCode, UsageError } from './exit'
import { isUsage, messageOf, tell } from './failure'
import { configureHelp } from './help'
import { print } from './output'
import { usageOf, type Usage } from './usage'

/** Adds a command's arguments, flags and action; the action passes the exit code to `end`. */
export type Definition = (command: Command, end: (code: number) => void) => void

interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Definition>
  /** Whether it runs before the set-up, although its imports lead to the shim. */
  readonly needsNoShim?: true
}

/** The commands, loaded on demand: only some need libtorch. */
const commands: Readonly<Record<string, CommandEntry>> = {
  pretrain: {
    summary: 'pretrain a backbone on a folder of images',
    load: async () => (await import('./commands/pretrain.js')).definePretrain,
  },
  recipes: {
    summary: 'list the sets of options that pretrain starts from',
    load: async () => (await import('./commands/recipes.js')).defineRecipes,
    needsNoShim: true,
  },
  export: {
    summary: 'turn a backbone into a state dict, safetensors or TorchScript',
    load: async () => (await import('./commands/export.js')).defineExport,
  },
  'export-backbone': {
    summary: 'write a ResNet as TorchScript, random or with published weights',
    load: async () => (await import('./commands/export-backbone.js')).defineExportBackbone,
  },
  python: {
    summary: 'run Python with the torch of the set-up',
    load: async () => (await import('./commands/python.js')).definePython,
  },
  setup: { summary: 'find or install libtorch and compile the shim', load: async () => (await import('./commands/setup.js')).defineSetup },
  doctor: {
    summary: 'show what this machine has and what is missing',
    load: async () => (await import('./commands/doctor.js')).defineDoctor,
  },
}

function entryOf(name: string | undefined): CommandEntry | undefined {
  return name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
}

const EPILOGUE = `
Start with:
  npx pixelcl setup
  npx pixelcl pretrain --backbone resnet50.pt \\
    --data photos --out runs/first
${EXIT_CODES}`

/** Runs the command line and returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = ExitCode.done
  const [called] = args.filter((arg) => arg !== 'help' && !arg.startsWith('-'))
  const program = configureHelp(new Command('pixelcl'))
    .description('Pixel-level self-supervised pretraining of image backbones (PixelCL, PixPro).')
    .version(packageVersion(), '-v, --version', 'print the version')
    .helpCommand('help [command]', "print a command's help")
    .addHelpText('after', EPILOGUE)
    .exitOverride()
  if (args[0] === 'help' || args.some(isHelp) || entryOf(called)?.needsNoShim === true) loadShimWhenUsed()
  try {
    // What follows is Python's, options included.
    if (args[0] === 'python' && !isHelp(args[1])) return await (await import('./commands/python.js')).runPython(args.slice(1))
    for (const [name, { summary, load }] of Object.entries(commands)) {
      const command = configureHelp(program.command(name)).summary(summary).exitOverride()
      if (name === called) (await load())(command, (ended) => (code = ended))
    }
    if (args.length === 0) {
      process.stderr.write(program.helpInformation() + EPILOGUE)
      return ExitCode.usage
    }
    if (args[0] === 'help') checkHelp(args[1])
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // Node emits warnings in the next turn of the event loop; print them before the error.
    await nextTurn()
    return await fail(error, program, args)
  }
}

async function fail(error: unknown, program: Command, args: readonly string[]): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.done
  const message = error instanceof CommanderError ? usageOf(error, args, usageIn(program, args)) : messageOf(error)
  const exitCode = tell(error, message)
  if (args.includes('--json')) {
    const code = isUsage(error) ? 'USAGE' : ((error as { code?: unknown }).code ?? 'UNEXPECTED')
    await print(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`).catch(() => undefined)
  }
  return exitCode
}

function isHelp(arg: string | undefined): boolean {
  return arg === '--help' || arg === '-h'
}

/** Rejects `help` for an unknown command; Commander would print the general help. */
function checkHelp(name: string | undefined): void {
  if (name === undefined || name.startsWith('-') || name in commands) return
  throw new UsageError(`unknown command '${name}'${suggestion(name, Object.keys(commands))}`)
}

function usageIn(program: Command, args: readonly string[]): Usage {
  const command = program.commands.find((candidate) => candidate.name() === args.find((arg) => !arg.startsWith('-'))) ?? program
  const options = command.options.map((option) => option.long ?? '')
  return command === program
    ? { command, help: 'pixelcl --help', known: [...Object.keys(commands), ...options] }
    : { command, help: `pixelcl ${command.name()} --help`, known: options }
}
