// Where the set-up keeps what it makes: one folder of the user's.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, mkdirSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's own folder. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** `PIXELCL_CACHE`, else `pixelcl` in `XDG_CACHE_HOME`, else `~/.cache/pixelcl`. */
export function cacheFolder(env = process.env) {
  return env.PIXELCL_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pixelcl')
}

/** The virtual environment that holds an installed libtorch, and the Python the tests compare with. */
export function pythonFolder(env = process.env) {
  return join(cacheFolder(env), 'python')
}

export function hash(...parts) {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(String(part.length)).update(':').update(part)
  return digest.digest('hex').slice(0, 16)
}

/** The shim's sources, the build file and the package's version: what a compiled shim belongs to. */
export function sourceHash(root = packageRoot) {
  const binding = join(root, 'binding')
  const files = readdirSync(binding).sort()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const parts = [version, readFileSync(join(root, 'CMakeLists.txt'))]
  for (const file of files) parts.push(file, readFileSync(join(binding, file)))
  return hash(...parts)
}

/** The stamp tells importers which compiled shim belongs to these sources; it is all that an import reads. */
export function stampPath(root = packageRoot, env = process.env) {
  return join(cacheFolder(env), 'stamps', `${sourceHash(root)}-${process.platform}-${process.arch}.json`)
}

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** Writes whole or not at all. */
export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(temporary, path)
}

/** Runs `work` while no other set-up on this machine does; a lock whose process is gone is taken over. */
export async function withLock(name, work, env = process.env) {
  const lock = join(cacheFolder(env), `${name}.lock`)
  mkdirSync(dirname(lock), { recursive: true })
  let told = false
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      const owner = Number(readJson(join(lock, 'owner.json'))?.pid)
      const abandoned = owner ? !alive(owner) : ageOf(lock) > 10_000
      if (abandoned) {
        rmSync(lock, { recursive: true, force: true })
        continue
      }
      if (!told) process.stderr.write(`waiting for the set-up of process ${owner || '?'}\n`)
      told = true
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  try {
    writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid }))
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function ageOf(path) {
  return existsSync(path) ? Date.now() - statSync(path).mtimeMs : Infinity
}
