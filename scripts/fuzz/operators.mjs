// Calls the public surface of torch with drawn arguments, right and wrong ones, in processes of a few hundred calls. A call that ends its
// process or takes longer than 10 seconds is searched for, printed with the numbers that make it again, and made in Python, too.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PATIENCE, callIn, culpritOf, reportOf, runProcess, secondsUsed, watchCalls } from './processes.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const PROGRAM = join(here, 'operators', 'program.mjs')

/** The runs of one seed against one built package. */
class Fuzz {
  constructor(dist, seed, folder) {
    this.dist = dist
    this.seed = seed
    this.folder = folder
  }

  /** Makes some calls in a process of their own: the report, or the call in which the process ended. */
  async make(first, count) {
    const trace = join(this.folder, `trace-${first}-${count}`)
    const args = ['--no-deprecation', PROGRAM, this.dist, this.seed, first, count, trace]
    const { end, output, errors } = await runProcess(process.execPath, args, { watch: watchCalls(trace) })
    const report = reportOf(output)
    if (end === null && report !== null) return { report }
    const number = callIn(trace, first + count - 1)
    if (number === null) throw new Error(`the calls do not start (${end}):\n${errors}`)
    return { end: end ?? 'no report', number, errors }
  }

  async show(number) {
    const { output } = await runProcess(process.execPath, ['--no-deprecation', PROGRAM, this.dist, this.seed, number, 'show'])
    return reportOf(output)
  }
}

/** What Python does with the same call. */
async function inPython(python, code, number) {
  if (code === null) return 'the call has no form in Python'
  if (python === null) return 'there is no Python to compare with'
  const program = `import torch, warnings
warnings.simplefilter('ignore')
torch.set_num_threads(1)
torch.manual_seed(${number})
print('begun', flush=True)
try:
    result = ${code}
    print('returned', flush=True)
    str(result)
except BaseException as error: print(type(error).__name__, str(error).split(chr(10))[0][:160], flush=True)
import os
os._exit(0)`
  let since = null
  const began = Date.now()
  const watch = (pid) => {
    const used = secondsUsed(pid, began)
    // Importing torch takes a few seconds.
    since ??= used
    return used - since > PATIENCE + 10 || Date.now() - began > 12 * PATIENCE * 1000
  }
  const { end, output } = await runProcess(python, ['-c', program], { watch })
  if (end === null) return output.trim().split('\n').at(-1)
  return end === 'hang' ? 'Python does not return, either' : `Python dies, too (${end})`
}

/**
 * Makes `calls` calls, `batch` in each process, and tells of every crash, hang and raw error.
 *
 * @param options - `dist` is the built package, `python` a Python with torch or null, `say` prints a line.
 * @returns How many calls returned and threw, the crashes and hangs, and the errors that are not of the package's classes.
 */
export async function fuzzOperators({ dist, python, seed = 1, first = 0, calls = 40_000, batch = 500, jobs = 1, say = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-fuzz-'))
  const fuzz = new Fuzz(dist, seed, folder)
  const total = { returned: 0, threw: 0, classes: {}, deaths: [], raw: [] }
  let next = first

  async function tell(start, ended) {
    const { number, until, end } = await culpritOf((from, count) => fuzz.make(from, count), start, ended.number)
    const shown = await fuzz.show(number)
    const comparison = await inPython(python, shown?.python ?? null, number)
    const death = {
      number,
      ...(until === undefined ? {} : { until }),
      end,
      text: shown?.text ?? '?',
      python: shown?.python ?? null,
      comparison,
    }
    total.deaths.push(death)
    say(
      `${end === 'hang' ? 'hangs' : `dies (${end})`}: --seed ${seed} --first ${number} --calls ${until === undefined ? 1 : until - number + 1}`,
    )
    say(`  ${death.text}${until === undefined ? '' : `, noticed in call ${until}`}`)
    if (shown?.python) say(`  Python: ${shown.python}`)
    say(`  ${comparison}`)
  }

  async function work() {
    while (next < first + calls) {
      let from = next
      const end = Math.min(from + batch, first + calls)
      next = end
      while (from < end) {
        const result = await fuzz.make(from, end - from)
        if (result.report !== undefined) {
          const { returned, threw, classes, raw } = result.report
          total.returned += returned
          total.threw += threw
          for (const [name, count] of Object.entries(classes)) total.classes[name] = (total.classes[name] ?? 0) + count
          for (const found of raw) {
            total.raw.push(found)
            say(
              `raw error: --seed ${seed} --first ${found.number} --calls 1\n  ${found.text}\n  ${found.error.split('\n').slice(0, 4).join('\n  ')}`,
            )
          }
          break
        }
        await tell(from, result)
        from = result.number + 1
      }
      say(`${Math.min(next, first + calls) - first} of ${calls} calls`)
    }
  }

  try {
    await Promise.all(Array.from({ length: jobs }, work))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return total
}
