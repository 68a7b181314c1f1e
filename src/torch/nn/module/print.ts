/** Modules that are being printed, the outermost first. */
const printing: object[] = []

/** Modules nested deeper than this are printed by name only. */
const DEEPEST = 200

/** @internal The printed form of a module; a module that contains itself or is nested too deeply is printed by name only. */
export function printed(module: object, form: () => string): string {
  if (printing.length >= DEEPEST || printing.includes(module)) return `${module.constructor.name}(…)`
  printing.push(module)
  try {
    return form()
  } finally {
    printing.pop()
  }
}

/** @internal As Python prints a module: its name, what `extraRepr` says and its children, each in lines of its own. */
export function moduleForm(
  name: string,
  extra: string,
  children: Iterable<readonly [name: string, child: { toString(): string }]>,
): string {
  const lines = Array.from(children, ([child, module]) => `(${child}): ${indented(module.toString())}`)
  if (lines.length === 0 && !extra.includes('\n')) return `${name}(${extra})`
  return `${name}(\n${[...(extra === '' ? [] : extra.split('\n')), ...lines].map((line) => `  ${line}`).join('\n')}\n)`
}

/** @internal The lines after the first two spaces further in. */
export function indented(text: string): string {
  return text.replaceAll('\n', '\n  ')
}
