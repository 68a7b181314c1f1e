// Gives crafted and damaged files to every function that reads files, in processes of some hundred files. A file that ends its process, takes
// longer than 10 seconds, shows bytes that are not its own or gives a raw error is searched for and written, with the command that makes it again.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callIn, culpritOf, reportOf, runProcess, watchCalls } from './processes.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const PROGRAM = join(here, 'files', 'program.mjs')

/** Writes the good files, which are damaged then: those of the package, and those of Python if there is one. */
function writeCorpus(folder, dist, python) {
  mkdirSync(folder)
  execFileSync(process.execPath, ['--no-deprecation', join(here, 'files', 'corpus.mjs'), dist, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (python !== null)
    execFileSync(python, ['-W', 'ignore', join(here, 'files', 'corpus.py'), folder], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function addTo(total, counts) {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
}

/** One row of files against one built package: the crafted ones, and after them the damaged ones. */
class Row {
  constructor({ dist, folder, seed, first, crafted }) {
    this.args = ['--no-deprecation', PROGRAM, dist, folder, seed, first, crafted]
    this.folder = folder
  }

  /** Reads some files in a process of their own: the report, or the place of the file in which the process ended. */
  async read(from, count) {
    const trace = join(this.folder, `trace-${from}-${count}`)
    const { end, output, errors } = await runProcess(process.execPath, [...this.args, from, count, trace], { watch: watchCalls(trace) })
    const report = reportOf(output)
    if (end === null && report !== null) return { report }
    const place = callIn(trace, from + count - 1)
    if (place === null) throw new Error(`the files are not read (${end}):\n${errors}`)
    return { end: end ?? 'no report', place, errors }
  }

  async write(place, path) {
    const { output } = await runProcess(process.execPath, [...this.args, place, 'write', path])
    return reportOf(output)
  }
}

/**
 * Reads `crafted` crafted and `mutated` damaged files, `batch` in each process.
 *
 * @param options - `dist` is the built package, `python` a Python with torch or null, `faults` the folder for files that fail, `say` prints a line.
 * @returns How many files there were, how often each function read one, how often one was refused, the ends of processes, and the raw errors and foreign bytes.
 */
export async function fuzzFiles({ dist, python, faults, seed = 1, first = 0, crafted = 500, mutated = 8000, batch = 500, say = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-fuzz-'))
  const row = new Row({ dist, folder, seed, first, crafted })
  const total = { files: 0, read: {}, refused: 0, classes: {}, deaths: [], raw: [], slowest: 0 }
  const all = crafted + mutated

  /** Writes the file of a place; the command that makes it again. */
  async function keep(place) {
    const isCrafted = place < crafted
    const number = first + (isCrafted ? place : place - crafted)
    mkdirSync(faults, { recursive: true })
    const path = join(faults, `${isCrafted ? 'crafted' : 'mutated'}-${seed}-${number}`)
    const { kind } = (await row.write(place, path)) ?? {}
    const counts = isCrafted ? '--crafted 1 --mutated 0' : '--crafted 0 --mutated 1'
    return `npm run fuzz -- files --seed ${seed} --first ${number} ${counts}\n  ${kind}: ${path}`
  }

  async function tell(start, ended) {
    const { number: place, until, end } = await culpritOf((from, count) => row.read(from, count), start, ended.place)
    const death = { place, end, command: await keep(place) }
    total.deaths.push(death)
    say(
      `${end === 'hang' ? 'hangs' : `dies (${end})`}: ${death.command}${until === undefined ? '' : `\n  noticed ${until - place} files later`}`,
    )
  }

  async function readFrom(start, end) {
    for (let from = start; from < end;) {
      const result = await row.read(from, end - from)
      if (result.report === undefined) {
        await tell(from, result)
        total.files += result.place + 1 - from
        from = result.place + 1
        continue
      }
      const { files, read, refused, classes, raw, slowest } = result.report
      total.files += files
      addTo(total.read, read)
      total.refused += refused
      total.slowest = Math.max(total.slowest, slowest)
      addTo(total.classes, classes)
      for (const found of raw) {
        total.raw.push(found)
        say(`${found.entrance}: ${found.error.split('\n').slice(0, 5).join('\n  ')}\n  ${await keep(found.place)}`)
      }
      return
    }
  }

  try {
    writeCorpus(join(folder, 'corpus'), dist, python)
    for (let from = 0; from < all; from += batch) {
      await readFrom(from, Math.min(from + batch, all))
      say(`${Math.min(from + batch, all)} of ${all} files`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return total
}
