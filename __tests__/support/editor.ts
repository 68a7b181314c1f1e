import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(__dirname, '../..')

/** TypeScript's language service, as editors use it, for a program that is said to lie at `path` in the package. */
export function languageServiceFor(path: string, program: string): ts.LanguageService {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as { config: object }
  const settings = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root).options
  const read = (file: string): string | undefined => (file === path ? program : existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  return ts.createLanguageService({
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [path],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = read(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (file) => file === path || ts.sys.fileExists(file),
    readFile: read,
    directoryExists: (folder) => ts.sys.directoryExists(folder),
    getDirectories: (folder) => ts.sys.getDirectories(folder),
  })
}
