import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from '@jest/globals'
import { native } from '../../src/native'

/** The members of one interface of a source file. */
function membersOf(path: string, name: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  const declared = source.statements.find(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  )
  return declared!.members.map((member) => (member.name as ts.Identifier).text)
}

test('the hand-typed interface of the shim names what the shim exports, and nothing else', () => {
  const declared = membersOf(join(__dirname, '..', '..', 'src', 'native', 'binding.ts'), 'Binding')
  expect(declared.length).toBeGreaterThan(80)
  expect(declared.toSorted()).toEqual(Object.keys(native).toSorted())
  expect(declared.filter((name) => typeof native[name as keyof typeof native] !== 'function')).toEqual([])
})
