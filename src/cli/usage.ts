import type { Command, CommanderError } from 'commander'
import { nearestName } from '../common/suggestions'

/** The facts of a command that an explanation of wrong usage needs. */
export interface Usage {
  readonly command: Command
  /** The command that prints its help. */
  readonly help: string
  /** Its options and subcommands. */
  readonly known: readonly string[]
}

/** Explains a usage error and what to type instead. */
export function usageOf(error: CommanderError, args: readonly string[], { command, help, known }: Usage): string {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean .*\)$/s, '')
  const list = `; \`${help}\` lists what there is`
  if (error.code === 'commander.excessArguments') {
    const stray = command.args[command.registeredArguments.length] ?? ''
    return `unexpected argument '${stray}'${switchBefore(stray, args, known) ?? list}`
  }
  const [, came] = /^unknown (?:option|command) '([^']*)'/.exec(message) ?? []
  if (came === undefined) return message
  const [name = '', value] = came.split('=')
  if (value !== undefined && known.includes(name)) return `${name} takes no value: write ${name}, or ${off(name)}`
  // A single letter is near every short name, so suggest nothing.
  const meant = /^-?.$/.test(name) ? [] : meantBy(name, known)
  return `${message}${meant.length === 0 ? list : `: did you mean ${meant.map((one) => `'${one}'`).join(' or ')}?`}`
}

/** The nearest known name, or the few that begin nearly like this one, as `--hidden-layer`. */
function meantBy(name: string, known: readonly string[]): readonly string[] {
  const nearest = nearestName(name, known)
  if (nearest !== null) return [nearest]
  const longer = known.filter((candidate) => candidate.length > name.length)
  const begun = longer.filter((candidate) => nearestName(name, [candidate.slice(0, name.length)]) !== null)
  return begun.length <= FEW ? begun : []
}

const FEW = 3

/** A hint for a value given to a switch, as in `--use-pixpro false`; null for anything else. */
function switchBefore(stray: string, args: readonly string[], known: readonly string[]): string | null {
  const name = args[args.indexOf(stray) - 1] ?? ''
  if (!known.includes(name) || !/^(true|false|yes|no|on|off|0|1)$/i.test(stray)) return null
  return `: ${name} takes no value, write ${/^(false|no|off|0)$/i.test(stray) ? off(name) : name}`
}

function off(name: string): string {
  return name.replace('--', '--no-')
}
