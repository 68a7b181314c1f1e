import { option, worded, type Say } from '../../common/wording'
import { ArgumentError } from '../../torch'
import type { ImageFolder } from '../../vision/datasets'
import type { ResolvedPretrainOptions } from '../options'
import { ignoredNumber, readClassNames, type ClassRules } from './classes'
import { lossyHint, matchMasks, type MatchedMasks } from './match'

/** The user's masks and what their numbers mean. */
export interface GivenMasks extends MatchedMasks, ClassRules {
  readonly folder: string
}

/**
 * The masks that a run was given; null without any. `say` receives warnings.
 *
 * @throws ArgumentError for options of masks without masks; FileError and ArgumentError as `matchMasks`, `readClassNames` and `ignoredNumber`.
 */
export function givenMasks(
  { masks: folder, maskClasses, maskIgnore }: ResolvedPretrainOptions['evaluation'],
  images: ImageFolder,
  say: Say,
): GivenMasks | null {
  if (folder === undefined) {
    const alone = maskClasses !== undefined ? 'maskClasses' : maskIgnore !== undefined ? 'maskIgnore' : null
    if (alone !== null) throw new ArgumentError(worded`${option(alone)} says what masks hold: name their folder with ${option('masks')}`)
    return null
  }
  const names = maskClasses === undefined ? null : readClassNames(maskClasses)
  const matched = matchMasks(folder, images.path, images.files)
  if (matched.lossy.length > 0) say(`warning: ${lossyHint(matched.lossy)}`)
  return {
    ...matched,
    folder,
    names,
    namesFile: maskClasses,
    ignored: ignoredNumber(maskIgnore, names),
    isIgnoredGiven: maskIgnore !== undefined,
  }
}
