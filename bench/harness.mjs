// Runs contestants in separate processes and alternates between them, so that a drift of the machine affects all alike.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pythonFolder } from '../scripts/setup/cache.mjs'

const here = dirname(fileURLToPath(import.meta.url))
export const root = dirname(here)

/** The Python of the set-up, which has the same libtorch. */
export function pythonPath() {
  const python = process.env.PIXELCL_PYTHON ?? join(pythonFolder(), 'bin', 'python')
  if (!existsSync(python)) throw new Error(`no Python of the set-up at ${python}: run npm test once, or set PIXELCL_PYTHON`)
  return python
}

/** Starts `bench/contestants/FILE` with Node or Python; the process answers every input line with one line of JSON. */
export function start(name, file, args = [], env = process.env) {
  const path = join(here, 'contestants', file)
  const command = file.endsWith('.py') ? pythonPath() : process.execPath
  const flags = file.endsWith('.py') ? [] : ['--expose-gc']
  const child = spawn(command, [...flags, path, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'], cwd: root, env })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let exit
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve((exit = code))))
  return {
    name,
    async round() {
      child.stdin.write('round\n')
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} (${file}) ended with code ${exit ?? (await exited)} in a round`)
      return JSON.parse(value)
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Alternates rounds, A B A B …; returns for every contestant the median of each measure, and the median ratio to the first contestant within rounds. */
export async function interleave(contestants, rounds) {
  const results = contestants.map(() => [])
  for (let i = 0; i < rounds; i++) {
    for (const [index, contestant] of contestants.entries()) results[index].push(await contestant.round())
  }
  for (const contestant of contestants) await contestant.close()
  return contestants.map(({ name }, index) => {
    const measures = {}
    for (const key of Object.keys(results[index][0])) {
      const values = results[index].map((result) => result[key])
      const ratios = results[index].map((result, round) => result[key] / results[0][round][key]).filter(Number.isFinite)
      measures[key] = {
        median: median(values),
        min: Math.min(...values),
        max: Math.max(...values),
        ratio: ratios.length > 0 ? median(ratios) : NaN,
      }
    }
    return { name, measures }
  })
}

export function machine() {
  const chips = cpus()
  return `${chips.length} cores (${chips[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`
}

/** Replaces the section of this title in bench/RESULTS.md (or the file that PIXELCL_BENCH_RESULTS names), or adds it. */
export function record(title, command, body) {
  const path = process.env.PIXELCL_BENCH_RESULTS ?? join(here, 'RESULTS.md')
  const text = existsSync(path)
    ? readFileSync(path, 'utf8')
    : '# Results\n\nEvery figure stands with the command that gives it. Ratios come from interleaved runs on one machine.\n'
  const date = new Date().toISOString().slice(0, 10)
  const section = `## ${title}\n\n\`${command}\` · ${date} · ${machine()}\n\n${body.trim()}\n`
  const pattern = new RegExp(`## ${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n[\\s\\S]*?(?=\\n## |$(?![\\s\\S]))`)
  const next = pattern.test(text) ? text.replace(pattern, () => section) : `${text.trimEnd()}\n\n${section}`
  writeFileSync(path, `${next.trimEnd()}\n`)
  process.stdout.write(`${section}\n`)
}

export function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}
