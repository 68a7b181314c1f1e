import { plural, wrapped } from '../common/text'
import { firstSkipped, type PretrainResult } from '../training'
import { widthOf } from './measures'

/** How many images a run had and what it skipped, with the reasons in full; nothing where it skipped nothing. */
export function skippedText({ facts, files, skipped }: Pick<PretrainResult, 'facts' | 'files' | 'skipped'>, width = widthOf()): string {
  if (skipped.size === 0) return ''
  const { named, more } = firstSkipped(skipped)
  const lines = named.map(([path, reason]) => {
    const line = `  ${path}: ${reason}`
    // A path stays whole, so that it can be copied.
    return line.length <= width ? line : `  ${path}:\n${wrapped(`    ${reason}`, width, 4)}`
  })
  const others = more === 0 ? [] : [`  and ${more.toLocaleString('en-US')} more, named in ${files.result}`]
  const { trained, heldOut } = facts.images
  return `${plural(trained + heldOut, 'image')}; ${skipped.size.toLocaleString('en-US')} skipped:\n${[...lines, ...others].join('\n')}\n`
}
