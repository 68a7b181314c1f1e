// Calls the public surface with hostile values: node program.mjs DIST SEED FIRST COUNT TRACE. Ends with a report, unless something crashed.
import { openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Values, generator } from './values.mjs'

const [dist, seed, first, count, trace] = process.argv.slice(2)
const torch = createRequire(import.meta.url)(`${dist}/torch/index.js`)
torch.setNumThreads(1)
process.on('unhandledRejection', () => {})
process.removeAllListeners('warning')

/** Functions that write files, or are documented as unchecked. */
const LEFT_OUT = new Set(['save', 'load', 'loadStateDictFile', 'ops', 'fromFile'])

function members() {
  const found = []
  const spaces = {
    torch,
    'torch.nn.functional': torch.nn.functional,
    'torch.linalg': torch.linalg,
    'torch.fft': torch.fft,
    'torch.special': torch.special,
    'torch.sparse': torch.sparse,
    'torch.autograd': torch.autograd,
    'torch.cuda': torch.cuda,
  }
  for (const [space, object] of Object.entries(spaces)) {
    for (const [name, value] of Object.entries(object)) {
      const isClass = typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
      if (typeof value === 'function' && !isClass && !name.startsWith('_') && !LEFT_OUT.has(name))
        found.push({ name: `${space}.${name}`, call: (args) => value(...args) })
    }
  }
  const seen = new Set(['constructor'])
  for (let proto = torch.Tensor.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const key of Reflect.ownKeys(proto)) {
      if (seen.has(key)) continue
      seen.add(key)
      const { value, get, set } = Object.getOwnPropertyDescriptor(proto, key)
      const name = `Tensor.${String(key)}`
      if (typeof value === 'function') found.push({ name, receiver: true, call: ([self, ...args]) => value.apply(self, args) })
      if (get !== undefined) found.push({ name, receiver: true, call: ([self]) => get.call(self) })
      if (set !== undefined) found.push({ name: `${name} =`, receiver: true, call: ([self, given]) => set.call(self, given) })
    }
  }
  return found
}

/** The generated signatures' parameters by public name, functions and methods apart. */
function schemas() {
  const found = new Map()
  const folder = `${dist}/torch/generated`
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    for (const [, name, method, list] of readFileSync(`${folder}/${file}`, 'utf8').matchAll(
      /signatures\)?\('(\w+)', (true|false), \[(.*)\]\)/g,
    )) {
      const overloads = [...list.matchAll(/'([^']*)'/g)].map(([, spec]) => spec.split('|')[3].split(',').filter(Boolean))
      const key = `${method === 'true' ? 'Tensor.' : ''}${name}`
      found.set(key, [...(found.get(key) ?? []), ...overloads])
    }
  }
  return found
}

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())

/** Arguments of the right kinds for one of a member's overloads, keyword-only ones in a last object. */
function fitting(random, { name, receiver }) {
  const overloads = specs.get(receiver ? name : name.slice(name.lastIndexOf('.') + 1))
  if (overloads === undefined) return null
  const args = []
  const options = []
  let isKeyword = false
  for (const field of values.pick(random, overloads)) {
    if (field === '*') {
      isKeyword = true
      continue
    }
    const [parameter, code] = field.split(':')
    if (receiver && parameter === 'self') continue
    const isOptional = code.endsWith('=')
    if (isOptional && random() < (isKeyword ? 0.7 : 0.4)) {
      isKeyword = true
      continue
    }
    const drawn = random() < 0.03 ? values.draw(random) : values.ofKind(random, code)
    if (isKeyword) options.push([camel(parameter), drawn])
    else args.push(drawn)
  }
  if (options.length > 0)
    args.push([
      `{ ${options.map(([key, [text]]) => `${key}: ${text}`).join(', ')} }`,
      Object.fromEntries(options.map(([key, [, value]]) => [key, value])),
    ])
  return args
}

const all = members()
const specs = schemas()
const values = new Values(torch)
const log = trace === undefined ? null : openSync(trace, 'w')
const outcomes = { returned: 0, threw: 0, classes: {} }

for (let i = Number(first); i < Number(first) + Number(count); i++) {
  const random = generator(Math.imul(Number(seed), 2654435761) ^ Math.imul(i, 40503))
  for (let warm = 0; warm < 3; warm++) random()
  if (i % 40 === 0) values.renew()
  const member = values.pick(random, all)
  const isPlausible = random() < 0.5
  const length = Math.floor(random() ** 1.5 * 6)
  const fits = random() < 0.75 ? fitting(random, member) : null
  const args = fits ?? Array.from({ length }, () => (isPlausible ? values.plausible(random) : values.draw(random)))
  if (member.receiver) args.unshift(random() < 0.95 ? values.tensor(random) : values.draw(random))
  if (log !== null) writeSync(log, `${i} ${member.name}(${args.map(([name]) => name).join(', ')})\n`.padEnd(200), 0)
  try {
    const result = member.call(args.map(([, value]) => value))
    // What came back must be usable, or say why it is not.
    if (torch.isTensor(result)) result.toString()
    outcomes.returned++
  } catch (error) {
    outcomes.threw++
    const name = error?.constructor?.name ?? typeof error
    outcomes.classes[name] = (outcomes.classes[name] ?? 0) + 1
  }
  torch.setGradEnabled(true)
  torch.setDefaultDtype('float32')
}
torch.setNumThreads(1)
console.log(`report: ${JSON.stringify({ ...outcomes, members: all.length })}`)
process.exit(0)
