import { expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { nn } from '../../../src/torch'

const FOLDER = join(__dirname, '../../../src/torch/nn/layers')
/** A docstring of seven lines, and what the layer is. */
const MOST_LINES = 15

/** The classes whose base is made by a call, as `class ReLU extends functionLayer(…)`, with their lines, docstring included. */
function declaredLayers(): [name: string, lines: number][] {
  return readdirSync(FOLDER).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(join(FOLDER, file), 'utf8'), ts.ScriptTarget.Latest, true)
    return source.statements.filter(ts.isClassDeclaration).flatMap((statement): [string, number][] => {
      const base = statement.heritageClauses?.[0]?.types[0]?.expression
      if (base === undefined || !ts.isCallExpression(base)) return []
      const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line
      return [[statement.name!.text, lineOf(statement.end) - lineOf(statement.getStart(source, true)) + 1]]
    })
  })
}

test('a layer takes at most fifteen lines, docstring included', () => {
  const layers = declaredLayers()
  expect(layers.filter(([, lines]) => lines > MOST_LINES)).toEqual([])
  expect(layers.filter(([name]) => !(name in nn))).toEqual([])
  expect(layers.length).toBeGreaterThan(115)
})
