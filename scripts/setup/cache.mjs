// The user's cache folder, in which the set-up stores its results.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder, readJson } from './stamp.cjs'

export { cacheFolder, hash, packageRoot, readJson, readStamp, sourceHash, stampPath } from './stamp.cjs'

/** The virtual environment that holds an installed libtorch and the Python the tests compare with. */
export function pythonFolder(env = process.env) {
  return join(cacheFolder(env), 'python')
}

/** Writes a JSON file atomically. */
export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(temporary, path)
}

/** Runs `work` while holding a lock; a lock whose process has ended is taken over. */
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
