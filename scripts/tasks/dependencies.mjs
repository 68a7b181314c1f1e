// Installs npm's dependencies from the lock file, unless node_modules holds them. Node built-ins only.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot, withLock } from '../setup/cache.mjs'
import { SetupFailure, run } from '../setup/run.mjs'

/** Runs `npm ci` unless node_modules holds exactly what package-lock.json names. */
export async function installDependencies(log) {
  if (dependenciesServe()) return
  await withLock('npm', async () => {
    if (dependenciesServe()) return
    log('installing dependencies (npm ci)')
    // No dependency needs its install script.
    await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: packageRoot,
      hint: 'npm comes with Node: https://nodejs.org',
    })
    const missing = whatIsMissing()
    if (missing !== null) throw new SetupFailure(`npm ci has run, yet node_modules does not hold what package-lock.json names: ${missing}`)
  })
}

function dependenciesServe() {
  return whatIsMissing() === null
}

/** npm keeps in node_modules/.package-lock.json what it installed; optional packages of other platforms are not in it. */
function whatIsMissing() {
  const wanted = lockOf(join(packageRoot, 'package-lock.json'))
  const there = lockOf(join(packageRoot, 'node_modules', '.package-lock.json'))
  if (there === null) return 'nothing is installed'
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted ?? {})) {
    if (path === '' || there[path]?.version === version || (!there[path] && (optional || devOptional))) continue
    return `${path} ${version}`
  }
  return null
}

function lockOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return null
  }
}
