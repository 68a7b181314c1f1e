import { expect, jest, test } from '@jest/globals'
import { runChild } from '../../support/child'
import { runPython } from '../../support/python'

// Children share two cores with other test files.
jest.setTimeout(180_000)

const SOURCE = `
def floor(self, a: int, b: int) -> int:
  return a // b
def rest(self, a: int, b: int) -> int:
  return a % b
def both(self, a: int, b: int) -> Tuple[int, int]:
  return divmod(a, b)
def mixed(self, a: float, b: int) -> float:
  return a // b
`

const METHODS = ['floor', 'rest', 'both'] as const
const PAIRS = [
  [7, 2],
  [-7, 2],
  [7, -2],
  [-7, -2],
  [0, 5],
  [6, -1],
] as const

const program = (source: string, calls: string) => `
  const { native } = require(dist + '/native')
  const program = native.jitCreate('Divisions')
  native.jitDefine(program, ${JSON.stringify(source)})
  const run = (method, ...args) => native.jitCall(program, method, args)
  const caught = (call) => { try { return call() } catch (error) { return error.constructor.name + ': ' + error.message } }
  const MIN = -(2n ** 63n)
  ${calls}`

test('integer divisions of a program give what they give in Python', async () => {
  const ours = await runChild<unknown>(
    program(SOURCE, `report(${JSON.stringify(PAIRS)}.map((pair) => ${JSON.stringify(METHODS)}.map((method) => run(method, ...pair))))`),
  )
  const { python } = await runPython<{ python: unknown }>(
    `outputs = {'python': [[a // b, a % b, divmod(a, b)] for a, b in inputs['pairs']]}`,
    {
      pairs: PAIRS,
    },
  )
  expect(ours).toEqual(python)
})

test('a division by zero in a program is an error, and so is one whose quotient has no place', async () => {
  const said = await runChild<Record<string, string>>(
    program(
      SOURCE,
      `report(Object.fromEntries(['floor', 'rest', 'both'].flatMap((method) => [
        [method + ' zero', caught(() => run(method, 5, 0))],
        [method + ' least', caught(() => run(method, MIN, -1))],
      ])))`,
    ),
  )
  for (const [name, message] of Object.entries(said))
    expect([name, message]).toEqual([
      name,
      expect.stringMatching(
        name.endsWith('zero') ? /^JitError: [^]*ZeroDivisionError: integer division/ : /^JitError: [^]*OverflowError: the smallest int/,
      ),
    ])
  expect(Object.keys(said)).toHaveLength(6)
})

test('greatest common divisors keep zero and refuse the one pair that ends the process', async () => {
  const source = 'def common(self, a: int, b: int) -> int:\n  return torch.gcd(a, b)\n'
  const said = await runChild<unknown[]>(
    program(
      source,
      `const common = (a, b) => caught(() => run('common', a, b))
      report([common(12, 18), common(5, 0), common(0, 0), common(MIN, -1), common(-1, MIN)].map(String))`,
    ),
  )
  expect(said.slice(0, 3)).toEqual(['6', '5', '0'])
  for (const message of said.slice(3)) expect(message).toMatch(/OverflowError/)
})
