// Processes that make calls which may end them or never return.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Seconds of processor, or eighteen times as many by the clock, that a call may take: other programs may have the processor. */
export const PATIENCE = 10

/** Address space in kB: larger allocations fail at once, in place of filling the machine. */
const ADDRESS_SPACE = 9_000_000

/** Seconds of processor that a process has used; its age where the system does not say. */
export function secondsUsed(pid, began) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return (Date.now() - began) / 3000
  }
}

/** Runs a command until it ends or `isStuck` says so: how it ended, and its output. */
export function runProcess(command, args, { env = {}, watch = () => false } = {}) {
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
export function watchCalls(trace) {
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
    return line !== '' && (used - since > PATIENCE || Date.now() - began > 18 * PATIENCE * 1000)
  }
}

export const reportOf = (output) => {
  const line = output.split('\n').findLast((text) => text.startsWith('report: '))
  return line === undefined ? null : JSON.parse(line.slice('report: '.length))
}

/** The number of the call that a process was making, by its trace; `last` if it had made them all, null if it had not begun. */
export function callIn(trace, last) {
  try {
    const [line] = readFileSync(trace, 'utf8').split('\n')
    return /^\d+/.test(line) ? Number.parseInt(line, 10) : last
  } catch {
    return null
  }
}

/**
 * The call without which a process lives: the one in which it ended, or an earlier one that spoilt the memory.
 *
 * @param make - Makes `count` calls from a number on in a process of their own; its result has an `end` unless the process lived.
 */
export async function culpritOf(make, first, number) {
  const alone = await make(number, 1)
  if (alone.end !== undefined) return { number, end: alone.end }
  let [least, most] = [first, number]
  while (most - least > 1) {
    const middle = (least + most) >> 1
    if ((await make(middle, number - middle + 1)).end === undefined) most = middle
    else least = middle
  }
  return { number: least, until: number, end: (await make(least, number - least + 1)).end ?? 'not again' }
}
