import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/** One import of a file of the same tree; paths are relative to the tree's parent, as `src/torch/index.ts`. */
export interface Import {
  readonly file: string
  /** Whether the import is erased by the compiler. */
  readonly isTypeOnly: boolean
}

export type Imports = ReadonlyMap<string, readonly Import[]>

/** The imports between the TypeScript files under `folder`. */
export function importsUnder(folder: string): Imports {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const named = (path: string): string => relative(dirname(folder), path)
  return new Map(files.map((name) => join(folder, name)).map((path) => [named(path), importsOf(path, named)]))
}

function importsOf(path: string, named: (path: string) => string): Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return
    const target = join(dirname(path), specifier.text.replace(/\.js$/, ''))
    const file = [`${target}.ts`, join(target, 'index.ts')].find((candidate) => existsSync(candidate))
    if (file !== undefined) imports.push({ file: named(file), isTypeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly || namesTypesAlone(node.exportClause))
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest))
  return imports
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  return clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (clause.name === undefined && namesTypesAlone(clause.namedBindings))
}

function namesTypesAlone(bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (bindings === undefined || (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings))) return false
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly)
}

/** The files that `from` reaches, including itself, by imports that `follows` accepts. */
export function reachable(imports: Imports, from: string, follows: (edge: Import) => boolean): Set<string> {
  const reached = new Set([from])
  for (const file of reached) for (const edge of imports.get(file) ?? []) if (follows(edge)) reached.add(edge.file)
  return reached
}

/** The circles of the imports that `follows` accepts: maximal sets of two or more files that all reach each other. */
export function circles(imports: Imports, follows: (edge: Import) => boolean): string[][] {
  const reaches = new Map([...imports.keys()].map((file) => [file, reachable(imports, file, follows)]))
  const found: string[][] = []
  for (const [file, reached] of reaches) {
    if (found.some((circle) => circle.includes(file))) continue
    const circle = [...reached].filter((other) => reaches.get(other)!.has(file))
    if (circle.length > 1) found.push(circle.sort())
  }
  return found
}
