// Writes the parts of README.md that are copies: the example's program and the tables of options. Needs dist/.
//   --print  prints the whole text instead
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

/** README.md with these parts updated. */
async function renewed(text) {
  const learner = optionsTable(pixelCLOptions, { imageSize: 1 })
  const augmentations = optionsTable(augmentationOptions)
  const whole = text
    .replace(/(whole pretraining, `pretrain\.mts`:\n\n```ts\n)[\s\S]*?(\n```)/, (_, before, after) => before + program() + after)
    .replace(/(in `--config` the same names\.\n\n)[\s\S]*?(\n\nThe default)/, (_, before, after) => before + learner + after)
    .replace(/(on the command line:\n\n)[\s\S]*?(\n\n## )/, (_, before, after) => before + augmentations + after)
  return prettier.format(whole, { ...(await prettier.resolveConfig(join(root, 'README.md'))), parser: 'markdown' })
}

const path = join(root, 'README.md')
const text = await renewed(readFileSync(path, 'utf8'))
if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(path, text)
