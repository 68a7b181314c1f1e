import { Help, Option, type Command } from 'commander'
import { Style } from '../common/terminal'

/** Width of the column of flags; the description of a longer flag starts on the next line. */
const TERM_WIDTH = 28
/** The same on terminals that are narrower than NARROW. */
const SHORT_TERM_WIDTH = 16
const NARROW = 72
const WIDEST = 100
/** Ends the description of a switch that is on by default. */
const DEFAULT_ON = '[yes]'

/** Prints a command's help in two columns that fit the terminal, from 60 columns; texts around them have lines of at most 60. */
export function configureHelp(command: Command): Command {
  const style = new Style()
  return command
    .addHelpOption(new Option('-h, --help', 'print this help'))
    .configureHelp({
      padWidth(_, { helpWidth = NARROW }) {
        return helpWidth < NARROW ? SHORT_TERM_WIDTH : TERM_WIDTH
      },
      prepareContext(context) {
        Object.assign(this, { helpWidth: Math.min(context.helpWidth ?? 80, WIDEST), minWidthToWrap: 20 })
      },
      formatItem,
      optionTerm,
      optionDescription: (option) => option.description,
      styleTitle: style.bold,
    })
    .configureOutput({ outputError: () => undefined })
}

function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const short = Help.prototype.formatItem
  if (term.length <= termWidth) return short.call(helper, term, termWidth, description, helper)
  return `  ${term}\n${short.call(helper, '', termWidth, description, helper)}`
}

/** A switch that is on by default is shown as `--[no-]name`. */
function optionTerm({ flags, description }: Option): string {
  return description.endsWith(DEFAULT_ON) ? flags.replace('--', '--[no-]') : flags
}
