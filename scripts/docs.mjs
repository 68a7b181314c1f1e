// npm run docs: writes the reference of the public entry points, with README.md and the pages of docs/, to build/docs. Warnings are errors.
import { Application, ConsoleLogger, LogLevel } from 'typedoc'

/** The overloads of a function share a docstring that names all arguments, also those that one of them takes in its object of options. */
const SHARED_DOCSTRING = /has an @param with name .*, which was not used/

class Logger extends ConsoleLogger {
  log(message, level) {
    if (level !== LogLevel.Warn || !SHARED_DOCSTRING.test(message)) super.log(message, level)
  }
}

const app = await Application.bootstrap({
  name: 'pixelcl',
  entryPoints: ['pixelcl', 'torch', 'vision'].map((name) => `src/${name}/index.ts`),
  projectDocuments: ['docs/*.md'],
  out: 'build/docs',
  excludeInternal: true,
  excludePrivate: true,
  highlightLanguages: ['typescript', 'javascript', 'python', 'sh'],
  // Types of arguments that signatures spell out stand in no entry point of their own.
  validation: { notExported: false, invalidLink: true, invalidPath: true, rewrittenLink: true },
})
app.logger = new Logger()
const project = await app.convert()
if (project !== undefined) {
  app.validate(project)
  await app.generateOutputs(project)
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
