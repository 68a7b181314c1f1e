/** TorchScript source of values and methods. */

export { pythonFloat } from '../call/recording'

export function pythonBool(value: boolean): string {
  return value ? 'True' : 'False'
}

export function pythonInts(values: readonly number[]): string {
  return `[${values.join(', ')}]`
}

/** The source of a method `forward(input)` with these lines as its body. */
export function forwardSource(...lines: string[]): string {
  return forwardMethod(['input'], lines)
}

/** @internal The source of a method `forward` with these inputs and lines; several results are a tuple. */
export function forwardMethod(inputs: readonly string[], lines: readonly string[], results = 1): string {
  const parameters = ['self', ...inputs.map((name) => `${name}: Tensor`)].join(', ')
  const type = results === 1 ? 'Tensor' : `Tuple[${Array.from({ length: results }, () => 'Tensor').join(', ')}]`
  return [`def forward(${parameters}) -> ${type}:`, ...lines.map((line) => `    ${line}`), ''].join('\n')
}
