// Writes the parts of documents that are copies: the example's program in README.md and the tables of options in docs/OPTIONS.md. Needs dist/.
//   --check  writes nothing, prints the documents that differ, and fails if there are any
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import prettier from 'prettier'
import { augmentationOptions } from '../../dist/pixelcl/augment.js'
import { pixelCLOptions } from '../../dist/pixelcl/options.js'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The example without its leading comment. */
function program() {
  return readFileSync(join(root, 'examples', 'resnet50.mts'), 'utf8')
    .replace(/^(\/\/.*\n)+/, '')
    .trim()
}

/** One row per option: its name, its default in TypeScript, its description. */
function optionsTable(schema, required = {}) {
  const defaults = schema.parse(required)
  const written = (name) => {
    if (name in required) return 'required'
    const value = defaults[name]
    return value === undefined ? '–' : `\`${JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ')}\``
  }
  const rows = Object.entries(schema.shape).map(([name, { description }]) => `| \`${name}\` | ${written(name)} | ${description} |`)
  return ['| option | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Puts `part` in the place of what matches between `before` and `after`. */
function replaced(text, before, after, part) {
  const pattern = new RegExp(`(${before})[\\s\\S]*?(${after})`)
  if (!pattern.test(text)) throw new Error(`no place for a generated part: ${pattern}`)
  return text.replace(pattern, (_, start, end) => start + part + end)
}

const documents = {
  'README.md': (text) => replaced(text, '`pretrain\\.mts`:\\n\\n```ts\\n', '\\n```', program()),
  'docs/OPTIONS.md': (text) => {
    const learner = replaced(
      text,
      'is the side of square images\\.\\n\\n',
      '\\n\\nThe default',
      optionsTable(pixelCLOptions, { imageSize: 1 }),
    )
    return replaced(learner, 'flags of the command line:\\n\\n', '\\n\\n', optionsTable(augmentationOptions))
  },
}

const isCheck = process.argv.includes('--check')
for (const [name, renewed] of Object.entries(documents)) {
  const path = join(root, name)
  const text = readFileSync(path, 'utf8')
  const wanted = await prettier.format(renewed(text), { ...(await prettier.resolveConfig(path)), parser: 'markdown' })
  if (wanted === text) continue
  if (!isCheck) writeFileSync(path, wanted)
  else {
    process.stdout.write(`${name} differs: run npm run generate\n`)
    process.exitCode = 1
  }
}
