// Calls the public surface with drawn values, each call from its seed and number alone:
//   node program.mjs DIST SEED FIRST COUNT TRACE   makes the calls and ends with a report, unless one of them ends the process
//   node program.mjs DIST SEED NUMBER show         prints one call and its Python
import { openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { generatorOf } from '../random.mjs'
import { Values, options, snake } from './values.mjs'

const [dist, seed, first, count, trace] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const torch = require(`${dist}/torch/index.js`)
const { PixelclError } = require(`${dist}/common/errors.js`)
const { splitTop } = require(`${dist}/torch/call/kinds.js`)
torch.setNumThreads(1)
process.on('unhandledRejection', () => {})
process.removeAllListeners('warning')

/** Functions that write files, wait for a device, or are documented as unchecked. */
const LEFT_OUT = new Set(['save', 'load', 'loadStateDictFile', 'ops', 'fromFile'])

const SPACES = [
  'torch',
  'torch.nn.functional',
  'torch.linalg',
  'torch.fft',
  'torch.special',
  'torch.sparse',
  'torch.autograd',
  'torch.cuda',
]

const within = (space) =>
  space
    .split('.')
    .slice(1)
    .reduce((object, key) => object[key], torch)

function members() {
  const found = []
  for (const space of SPACES) {
    for (const [name, value] of Object.entries(within(space))) {
      const isClass = typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
      if (typeof value !== 'function' || isClass || name.startsWith('_') || LEFT_OUT.has(name)) continue
      found.push({ name: `${space}.${name}`, key: name, python: `${space}.${snake(name)}`, call: (args) => value(...args) })
    }
  }
  const seen = new Set(['constructor'])
  for (let proto = torch.Tensor.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const key of Reflect.ownKeys(proto)) {
      if (seen.has(key)) continue
      seen.add(key)
      const { value, get, set } = Object.getOwnPropertyDescriptor(proto, key)
      const name = `Tensor.${String(key)}`
      const isNamed = typeof key === 'string'
      const member = { name, key: name, receiver: true, python: isNamed ? `torch.Tensor.${snake(key)}` : null }
      if (typeof value === 'function') found.push({ ...member, call: ([self, ...args]) => value.apply(self, args) })
      if (get !== undefined) found.push({ ...member, python: null, call: ([self]) => get.call(self) })
      if (set !== undefined) found.push({ ...member, name: `${name} =`, python: null, call: ([self, given]) => set.call(self, given) })
    }
  }
  return found
}

/** The parameters of all signatures by public name; methods as `Tensor.name`. */
function signatures() {
  const found = new Map()
  const add = (key, fields) => found.set(key, [...(found.get(key) ?? []), fields])
  const folder = `${dist}/torch/generated`
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    for (const [, name, method, list] of readFileSync(`${folder}/${file}`, 'utf8').matchAll(
      /signatures\)?\('(\w+)', (true|false), \[(.*)\]\)/g,
    )) {
      const key = `${method === 'true' ? 'Tensor.' : ''}${name}`
      for (const [, spec] of list.matchAll(/'([^']*)'/g)) add(key, spec.split('|').slice(3).join('|').split(',').filter(Boolean))
    }
  }
  for (const file of readdirSync(`${folder}/declared`).filter((name) => name.endsWith('-signatures.js'))) {
    for (const { name, fields } of Object.values(require(`${folder}/declared/${file}`))) if (fields !== undefined) add(name, fields)
  }
  return found
}

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())

/** Arguments of the right kinds for one of a member's signatures, some of them in a last object. */
function fitting(random, { key, receiver }) {
  const overloads = specs.get(key)
  if (overloads === undefined) return null
  const args = []
  const named = []
  let isKeyword = false
  for (const field of values.pick(random, overloads)) {
    if (field === '*') {
      isKeyword = true
      continue
    }
    const [, parameter, code] = /^(\w+):(.*)$/.exec(field)
    if (receiver && parameter === 'self') continue
    if (code.includes('=') && random() < (isKeyword ? 0.7 : 0.4)) {
      isKeyword = true
      continue
    }
    const drawn = random() < 0.03 ? values.draw(random) : values.ofKind(random, code)
    if (isKeyword) named.push([camel(parameter), drawn])
    else args.push(drawn)
  }
  if (named.length > 0) args.push(options(named))
  return args
}

/** The call of a number: its text, what makes it, and Python's code for it, null if it has none. */
function drawCall(number) {
  const random = generatorOf(Number(seed), number)
  torch.manualSeed(number)
  const member = values.pick(random, all)
  const isPlausible = random() < 0.5
  const length = Math.floor(random() ** 1.5 * 6)
  const fits = random() < 0.75 ? fitting(random, member) : null
  const args = fits ?? Array.from({ length }, () => (isPlausible ? values.plausible(random) : values.draw(random)))
  const isOwn = !member.receiver || random() < 0.95
  if (member.receiver) args.unshift(isOwn ? values.tensor(random) : values.draw(random))
  const hasPython = member.python !== null && args.every(({ python }) => python !== null)
  return {
    text: `${member.name}(${args.map(({ text }) => text).join(', ')})`,
    python: hasPython ? `${member.python}(${args.map(({ python }) => python).join(', ')})` : null,
    isOwn,
    run: () => member.call(args.map(({ made }) => made)),
  }
}

const all = members()
const specs = signatures()
const values = new Values(torch, splitTop)

if (count === 'show') {
  const { text, python } = drawCall(Number(first))
  console.log(`report: ${JSON.stringify({ text, python })}`)
  process.exit(0)
}

const log = openSync(trace, 'w')
const outcomes = { returned: 0, threw: 0, classes: {}, raw: [] }

for (let i = Number(first); i < Number(first) + Number(count); i++) {
  const { text, isOwn, run } = drawCall(i)
  writeSync(log, `${i} ${text}\n`.padEnd(400), 0)
  try {
    const result = run()
    // What came back must be usable, or say why it is not.
    for (const value of Array.isArray(result) ? result : [result]) if (torch.isTensor(value)) value.toString()
    outcomes.returned++
  } catch (error) {
    outcomes.threw++
    const name = error?.constructor?.name ?? typeof error
    outcomes.classes[name] = (outcomes.classes[name] ?? 0) + 1
    const isHostile = String(error?.message).includes('a hostile getter') || /proxy that has been revoked/.test(error?.message)
    if (!(error instanceof PixelclError) && isOwn && !isHostile)
      outcomes.raw.push({ number: i, text, error: String(error?.stack ?? error).slice(0, 600) })
  }
  torch.setGradEnabled(true)
  torch.setDefaultDtype('float32')
  torch.setPrintoptions()
}
torch.setNumThreads(1)
writeSync(log, 'done\n'.padEnd(400), 0)
console.log(`report: ${JSON.stringify({ ...outcomes, members: all.length })}`)
process.exit(0)
