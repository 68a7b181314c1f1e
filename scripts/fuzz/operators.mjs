// Calls the public surface of torch with drawn arguments, right and wrong ones, in processes of a few hundred calls. A call that ends its
// process or takes longer than 10 seconds is searched for, printed with the numbers that make it again, and made in Python, too.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const PROGRAM = join(here, 'operators', 'program.mjs')

/** Seconds of processor, or three times as many by the clock, that a call may take. */
const PATIENCE = 10

/** Address space in kB: larger allocations fail at once, in place of filling the machine. */
const ADDRESS_SPACE = 9_000_000

/** Seconds of processor that a process has used; its age where the system does not say. */
function secondsUsed(pid, began) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return (Date.now() - began) / 3000
  }
}

/** Runs a command until it ends or `isStuck` says so: how it ended, and its output. */
function runProcess(command, args, { env = {}, watch = () => false } = {}) {
  const words = [command, ...args].map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ')
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `ulimit -c 0; ulimit -v ${ADDRESS_SPACE}; exec ${words}`], {
      env: { ...process.env, OMP_NUM_THREADS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    let isStuck = false
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (errors = (errors + data).slice(-4000)))
    const timer = setInterval(() => {
      if (!watch(child.pid)) return
      isStuck = true
      child.kill('SIGKILL')
    }, 250)
    child.on('close', (code, signal) => {
      clearInterval(timer)
      resolve({ end: isStuck ? 'hang' : (signal ?? (code === 0 ? null : `exit ${code}`)), output, errors })
    })
  })
}

/** Notices when one call, by the trace's first line, takes too long. */
function watchCalls(trace) {
  let line = ''
  let since = 0
  let began = Date.now()
  return (pid) => {
    let current = line
    try {
      current = readFileSync(trace, 'utf8').split('\n')[0]
    } catch {
      // The process is still starting.
    }
    const used = secondsUsed(pid, began)
    if (current !== line) [line, since, began] = [current, used, Date.now()]
    return line !== '' && (used - since > PATIENCE || Date.now() - began > 6 * PATIENCE * 1000)
  }
}

const reportOf = (output) => {
  const line = output.split('\n').findLast((text) => text.startsWith('report: '))
  return line === undefined ? null : JSON.parse(line.slice('report: '.length))
}

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
    let number = null
    try {
      const [line] = readFileSync(trace, 'utf8').split('\n')
      number = /^\d+/.test(line) ? Number.parseInt(line, 10) : first + count - 1
    } catch {
      // The program itself does not start.
    }
    if (number === null) throw new Error(`the calls do not start (${end}):\n${errors}`)
    return { end: end ?? 'no report', number, errors }
  }

  /** The call without which the process lives: the one in which it ended, or an earlier one that spoilt the memory. */
  async culprit(first, number) {
    const alone = await this.make(number, 1)
    if (alone.end !== undefined) return { number, end: alone.end }
    let [least, most] = [first, number]
    while (most - least > 1) {
      const middle = (least + most) >> 1
      if ((await this.make(middle, number - middle + 1)).end === undefined) most = middle
      else least = middle
    }
    return { number: least, until: number, end: (await this.make(least, number - least + 1)).end ?? 'not again' }
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
    const { number, until, end } = await fuzz.culprit(start, ended.number)
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
