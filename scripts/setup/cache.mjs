// The user's cache folder, in which the set-up stores its results.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SetupFailure } from './run.mjs'
import { cacheFolder, readJson } from './stamp.cjs'

export { cacheFolder, hash, packageRoot, readJson, readStamp, sourceHash, stampPath } from './stamp.cjs'

/** The virtual environment that holds an installed libtorch and the Python the tests compare with. */
export function pythonFolder(env = process.env) {
  return join(cacheFolder(env), 'python')
}

/**
 * Makes a folder and those above it that are missing, one by one: on file systems that take no new folders, such as /proc, a recursive mkdir of
 * Node never returns.
 */
export function makeFolder(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have made it.
    if (error.code !== 'EEXIST' || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/** Writes a JSON file atomically. */
export function writeJson(path, value) {
  makeFolder(dirname(path))
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(temporary, path)
}

/**
 * Runs `work` while holding a lock; a lock whose process has ended is taken over.
 *
 * @throws SetupFailure if the cache cannot be written.
 */
export async function withLock(name, work, env = process.env) {
  try {
    return await locked(name, work, env)
  } catch (error) {
    throw cacheFailure(error, env) ?? error
  }
}

const REASONS = {
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of it is a file',
  EEXIST: 'a part of it is a file',
  ENOENT: 'its file system takes no new folders',
}

/** What to do about an error of the file system in the cache; null for any other. */
function cacheFailure({ code, path }, env) {
  const folder = cacheFolder(env)
  if (typeof path !== 'string' || !(path.startsWith(folder) || folder.startsWith(path))) return null
  return new SetupFailure(
    `the cache ${folder} cannot be written (${REASONS[code] ?? code}). Name a folder that you may write to, with 1 GB free:\n` +
      '  PIXELCL_CACHE=/folder npx pixelcl setup\nThe programs that use the package need the same PIXELCL_CACHE.',
  )
}

async function locked(name, work, env) {
  const lock = join(cacheFolder(env), `${name}.lock`)
  makeFolder(dirname(lock))
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
