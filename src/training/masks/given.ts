import { option, worded } from '../../common/wording'
import { ArgumentError } from '../../torch'
import type { ImageFolder } from '../../vision/datasets'
import type { ResolvedPretrainOptions } from '../options'
import { ignoredNumber, readClassNames, type ClassRules } from './classes'
import { matchMasks, type MatchedMasks } from './match'

/** The user's masks and what their numbers mean. */
export interface GivenMasks extends MatchedMasks, ClassRules {
  readonly folder: string
}

/**
 * The masks that a run was given; null without any.
 *
 * @throws ArgumentError for options of masks without masks; FileError and ArgumentError as `matchMasks`, `readClassNames` and `ignoredNumber`.
 */
export function givenMasks(
  { masks: folder, maskClasses, maskIgnore }: ResolvedPretrainOptions['evaluation'],
  images: ImageFolder,
): GivenMasks | null {
  if (folder === undefined) {
    const alone = maskClasses !== undefined ? 'maskClasses' : maskIgnore !== undefined ? 'maskIgnore' : null
    if (alone !== null) throw new ArgumentError(worded`${option(alone)} says what masks hold: name their folder with ${option('masks')}`)
    return null
  }
  const names = maskClasses === undefined ? null : readClassNames(maskClasses)
  return {
    ...matchMasks(folder, images.path, images.files),
    folder,
    names,
    namesFile: maskClasses,
    ignored: ignoredNumber(maskIgnore, names),
    isIgnoredGiven: maskIgnore !== undefined,
  }
}
