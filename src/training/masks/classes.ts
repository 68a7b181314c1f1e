import { readFileSync } from 'node:fs'
import { suggestion } from '../../common/suggestions'
import { plural, shortened } from '../../common/text'
import { option, worded } from '../../common/wording'
import { ArgumentError, FileError } from '../../torch'

/** Names by class number. */
export type ClassNames = ReadonlyMap<number, string>

/** A line with a number of its own: `0 sky`, `11: road`, `255,void`. */
const NUMBERED = /^(\d+)\s*[\s:,;=]\s*(\S.*)$/

/**
 * Reads the names of classes: one on a line, the first of class 0; or each line with its number first, such as `11 road` or `11: road`.
 *
 * @throws FileError for a file that cannot be read, is empty or names a class twice.
 */
export function readClassNames(file: string): ClassNames {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileError(
      worded`the file of class names ${file} (${option('maskClasses')}) ${code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`}`,
    )
  }
  // Some editors write a byte order mark.
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/)
  if (lines.length === 1 && lines[0]!.trim() === '')
    throw new FileError(`the file of class names ${file} is empty: expected a name on each line, the first of class 0`)
  const numbered = lines.map((line) => NUMBERED.exec(line.trim()))
  const isNumbered = numbered.every((match) => match !== null)
  const named = lines.map((line, i) =>
    isNumbered ? ([Number(numbered[i]![1]), numbered[i]![2]!.trim()] as const) : ([i, line.trim()] as const),
  )
  const names = new Map<number, string>()
  for (const [number, name] of named) {
    if (names.has(number)) throw new FileError(`the file of class names ${file} names class ${number} twice`)
    // A number without a name is not a class, and masks must not contain it.
    if (name !== '') names.set(number, shortened(name, LONGEST_NAME))
  }
  return names
}

const LONGEST_NAME = 60

/** The default class number of ignored pixels. */
export const USUAL_IGNORED = 255

/**
 * The class number that is ignored; null for none.
 *
 * @param given - A number, the name of a class, or 'none'; undefined for 255.
 * @throws ArgumentError for a name that no class has.
 */
export function ignoredNumber(given: number | string | undefined, names: ClassNames | null): number | null {
  if (given === undefined) return USUAL_IGNORED
  if (typeof given === 'number') return given
  const found = [...(names ?? [])].find(([, name]) => name === given)
  if (found !== undefined) return found[0]
  if (given === 'none') return null
  throw new ArgumentError(
    names === null
      ? worded`${option('maskIgnore')}: expected a class number or none but received '${given}'; names need ${option('maskClasses')}`
      : worded`${option('maskIgnore')}: there is no class '${given}'${suggestion(given, [...names.values()])}`,
  )
}

/** The classes of a set of masks, as the measures count them: 0, 1, … in the order of their numbers. */
export interface MaskClasses {
  readonly numbers: readonly number[]
  readonly names: readonly string[]
}

/** Maximum number of classes; masks with more distinct numbers are not class masks. */
const MOST_CLASSES = 1000

export interface ClassRules {
  readonly names: ClassNames | null
  /** The file of the names. */
  readonly namesFile: string | undefined
  readonly ignored: number | null
  /** Whether the ignored number was chosen by the user. */
  readonly isIgnoredGiven: boolean
}

/**
 * The classes that occur in masks, without the ignored one.
 *
 * @param numbersOf - The numbers in each mask, by its path.
 * @throws ArgumentError if a number has no name, if all is ignored or of one class, or if there are too many numbers for classes.
 */
export function classesIn(numbersOf: ReadonlyMap<string, ReadonlySet<number>>, rules: ClassRules): MaskClasses {
  const { names, namesFile, ignored, isIgnoredGiven } = rules
  const all = new Set([...numbersOf.values()].flatMap((numbers) => [...numbers]))
  const numbers = [...all].filter((number) => number !== ignored).sort((a, b) => a - b)
  const masks = plural(numbersOf.size, 'mask')
  const unnamed = names === null ? undefined : numbers.find((number) => !names.has(number))
  if (unnamed !== undefined) {
    const [file] = [...numbersOf].find(([, found]) => found.has(unnamed))!
    throw new ArgumentError(
      worded`the mask ${file} holds class ${unnamed}, which has no name in ${namesFile!} (${plural(names!.size, 'name')}): name it there, or ignore it with ${option('maskIgnore', unnamed)}`,
    )
  }
  if (numbers.length === 0)
    throw new ArgumentError(
      worded`all pixels of the ${masks} that are measured are ${ignored!}, which is ignored: see ${option('maskIgnore')}`,
    )
  if (numbers.length === 1 && ignored !== null && all.has(ignored) && !isIgnoredGiven)
    throw new ArgumentError(
      worded`the ${masks} that are measured hold class ${numbers[0]!} and ${ignored}, which is ignored where nothing else is said: if ${ignored} is a class, as in masks of black and white, say ${option('maskIgnore', 'none')}`,
    )
  if (numbers.length === 1)
    throw new ArgumentError(worded`the ${masks} that are measured hold one class, ${numbers[0]!}: at least two are needed to tell apart`)
  if (numbers.length > MOST_CLASSES)
    throw new ArgumentError(
      worded`the ${masks} that are measured hold ${numbers.length} numbers, too many for classes (at most ${MOST_CLASSES}): masks of instances cannot be measured`,
    )
  return { numbers, names: numbers.map((number) => names?.get(number) ?? `class ${number}`) }
}
