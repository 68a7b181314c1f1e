import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command, CommanderError } from 'commander'

/** The package's own folder, from `src/cli` and `dist/cli` alike. */
export const packageRoot = dirname(dirname(__dirname))

/** What a command ends with. */
export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** What was typed is wrong by itself. */
export class UsageError extends Error {}

/** Runs the command line and gives its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = ExitCode.done
  const program = await makeProgram(args, (ended) => (code = ended))
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof UsageError ? ExitCode.usage : ExitCode.failed
  }
}

async function makeProgram(args: readonly string[], end: (code: number) => void): Promise<Command> {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const program = new Command('pixelcl').description('Pixel-level self-supervised pretraining of image backbones.').version(version)
  program.exitOverride()
  if (args[0] === 'pretrain') {
    const { addPretrain } = await import('./commands/pretrain.js')
    addPretrain(program.command('pretrain'), end)
  } else program.command('pretrain').description('pretrain a backbone on a folder of images')
  return program
}
