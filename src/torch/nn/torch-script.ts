/** How values are written in TorchScript source. */

/** A float, with a dot or an exponent so that it is none of the ints. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return `float('${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}')`
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.`
}

export function pythonBool(value: boolean): string {
  return value ? 'True' : 'False'
}

export function pythonInts(values: readonly number[]): string {
  return `[${values.join(', ')}]`
}

/** The method `forward` of one tensor, with these lines as its body. */
export function forwardSource(...lines: string[]): string {
  return ['def forward(self, input: Tensor) -> Tensor:', ...lines.map((line) => `    ${line}`), ''].join('\n')
}
