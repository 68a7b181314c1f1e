import { readAs } from '../common/wording'
import { wordingOf } from '../common/options'
import { RECIPES, RECIPE_NAMES, pretrainOptions, type RecipeName } from '../training'
import { asFlag } from './flags'
import { flattened, keyOf, leavesOf } from './sections'

/** What stands in the help for a default that the recipe chooses for the inputs. */
const CHOSEN = 'chosen by the recipe'

/** The values that a recipe sets, by the names of flags. */
export function valuesOf(name: RecipeName): Readonly<Record<string, unknown>> {
  return flattened(pretrainOptions, RECIPES[name].options)
}

/** What a recipe chooses for the backbone and the images, in words, by the names of flags. */
export function choicesOf(name: RecipeName): Readonly<Record<string, string>> {
  return Object.fromEntries(RECIPES[name].choices.map(({ section, name: option, about }) => [keyOf(`${section}.${option}`), about]))
}

/** The defaults of a recipe as the help shows them. */
export function defaultsOf(name: RecipeName): Readonly<Record<string, unknown>> {
  return { ...valuesOf(name), ...Object.fromEntries(Object.keys(choicesOf(name)).map((key) => [key, CHOSEN])) }
}

/** An option in which recipes differ. */
export interface Difference {
  readonly key: string
  readonly about: string
  /** By recipe: its value, undefined where it is left out, or how it is chosen. */
  readonly values: Readonly<Record<RecipeName, { readonly value?: unknown; readonly chosen?: string }>>
}

/** The options in which the recipes differ, in the order of the help. */
export function differences(): Difference[] {
  const set = RECIPE_NAMES.flatMap((name) => [...Object.keys(valuesOf(name)), ...Object.keys(choicesOf(name))])
  return leavesOf(pretrainOptions)
    .filter(({ key }) => set.includes(key))
    .map(({ key, schema }) => {
      const valueIn = (name: RecipeName): Difference['values'][RecipeName] => {
        const chosen = choicesOf(name)[key]
        if (chosen !== undefined) return { chosen }
        const value = valuesOf(name)[key] ?? schema.safeParse(undefined).data
        return value === undefined ? {} : { value }
      }
      return { key, about: readAs(asFlag, wordingOf(schema)), values: { dense: valueIn('dense'), reference: valueIn('reference') } }
    })
}
