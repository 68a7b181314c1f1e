/** Options for printing tensors, as in PyTorch; `torch.setPrintoptions` changes them. */
export interface PrintOptions {
  /** Digits after the decimal point. Default 4. */
  precision: number
  /** Tensors with more elements are summarised. Default 1000. */
  threshold: number
  /** Elements at each end of a summarised dimension. Default 3. */
  edgeitems: number
  /** Characters in a line. Default 80. */
  linewidth: number
  /** Scientific notation always or never; null decides by the magnitudes. Default null. */
  sciMode: boolean | null
}

/** Formats the elements of one tensor. */
export interface Formatter {
  readonly width: number
  format(value: number | bigint | boolean): string
}

/** Chooses the notation by the finite non-zero elements, as PyTorch does. */
export function floatFormatter(values: readonly number[], options: PrintOptions): Formatter {
  const telling = values.filter((value) => Number.isFinite(value) && value !== 0)
  if (telling.length === 0) return formatter(1, whole)
  const largest = telling.reduce((best, value) => Math.max(best, Math.abs(value)), 0)
  const smallest = telling.reduce((best, value) => Math.min(best, Math.abs(value)), Infinity)
  const { precision, sciMode } = options
  const scientific = sciMode ?? (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4)
  const write = scientific
    ? (value: number) => exponential(value, precision)
    : telling.every(Number.isInteger)
      ? whole
      : (value: number) => fixed(value, precision)
  return formatter(widest(telling.map(write)), write)
}

/** Integers and booleans, as wide as the widest of `values`. */
export function plainFormatter(values: readonly (number | bigint | boolean)[]): Formatter {
  return formatter(widest(values.map(plain)), (value) => plain(value as number))
}

function plain(value: number | bigint | boolean): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 1)
}

function formatter(width: number, write: (value: number) => string): Formatter {
  return { width, format: (value) => (special(value) ?? write(value as number)).padStart(width) }
}

function special(value: number | bigint | boolean): string | null {
  if (typeof value !== 'number' || Number.isFinite(value)) return null
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}

function whole(value: number): string {
  return `${Object.is(value, -0) ? '-0' : fixed(value, 0)}.`
}

/** `toFixed` with Python's rounding: JavaScript rounds a tie up, Python to the even digit. */
function fixed(value: number, digits: number): string {
  const magnitude = Math.abs(value)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  // From here on JavaScript uses exponential notation, and every double is an integer.
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  return sign + evenAtTie(magnitude.toFixed(digits), magnitude.toFixed(Math.min(100, digits + 40)), digits)
}

function exponential(value: number, digits: number): string {
  const magnitude = Math.abs(value)
  const [exact = '', exactExponent] = magnitude.toExponential(Math.min(100, digits + 40)).split('e')
  const [rounded = '', exponent = ''] = magnitude.toExponential(digits).split('e')
  // A tie that was rounded up to ten has moved on to the next exponent, and 9.99995 is odd before its tie.
  const mantissa = exponent === exactExponent ? evenAtTie(rounded, exact, digits) : rounded
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  return `${sign}${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${exponent.slice(1).padStart(2, '0')}`
}

/** Makes the last digit of `rounded` even if `exact` is a tie. */
function evenAtTie(rounded: string, exact: string, digits: number): string {
  const rest = exact.slice(exact.indexOf('.') + 1 + digits)
  if (!/^50*$/.test(rest) || '02468'.includes(rounded.at(-1)!)) return rounded
  // Rounded up to an odd digit; the even digit below is the prefix of the exact digits.
  const end = exact.indexOf('.') + (digits > 0 ? digits + 1 : 0)
  return exact.slice(0, end)
}

/** A float as Python's repr writes it: `1.0`, `1e-05`, `inf`. */
export function pythonFloatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
