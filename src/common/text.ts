/** Escapes control characters except tabs; file names may contain them. */
export function printable(text: string): string {
  return text.replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** A text for an error message, cut where nobody would read on. */
export function shortened(text: string, most = 200): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

/** A count with its noun, such as `1 image` or `1,200 images`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

/** A size, with the order of its sides named where it matters: `32 × 32 pixels`, `32 × 48 pixels (height × width)`. */
export function sized([height, width]: readonly [height: number, width: number], unit: '' | ' pixels' = ''): string {
  return `${height} × ${width}${unit}${height === width ? '' : ' (height × width)'}`
}

/** `hiddenLayerPixel` as `hidden_layer_pixel`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `hidden_layer_pixel` as `hiddenLayerPixel`; underscores at the ends stay. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** `hiddenLayerPixel` as `hidden-layer-pixel`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Seconds as `1:05` or `2:00:05`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Rows of two columns, the second aligned; below the first where one row is wider than `most` columns. */
export function columns(rows: readonly (readonly [string, string])[], most = Infinity, indent = 2): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  const margin = ' '.repeat(indent)
  if (rows.every(([, right]) => indent + width + 2 + right.length <= most))
    return rows.map(([left, right]) => `${margin}${left.padEnd(width)}  ${right}\n`).join('')
  return rows.map(([left, right]) => `${margin}${left}\n${wrapped(`${margin}${margin}${right}`, most, 2 * indent)}\n`).join('')
}

/** Words on lines of at most `width` columns; the lines after the first are indented by `hanging`. */
export function wrapped(text: string, width: number, hanging = 0): string {
  const lines = [/^ */.exec(text)![0]]
  for (const word of text.trimStart().split(/ +/)) {
    const line = lines.at(-1)!
    if (line.trim() === '') lines[lines.length - 1] = line + word
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(' '.repeat(hanging) + word)
  }
  return lines.join('\n')
}
