// Compiles src/ to dist/: CommonJS by tsc, and ES module wrappers that re-export the same objects. Node built-ins only.
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hash, packageRoot, readJson, withLock, writeJson } from '../setup/cache.mjs'
import { run } from '../setup/run.mjs'

const dist = join(packageRoot, 'dist')
const stamp = join(dist, '.build.json')
const require = createRequire(import.meta.url)

/** Builds unless dist/ was built from these sources. */
export async function build(log, { force = false } = {}) {
  const wanted = hashOfSources()
  if (!force && readJson(stamp)?.sources === wanted) return
  await withLock('build', async () => {
    if (!force && readJson(stamp)?.sources === wanted) return
    log('building dist/ (tsc)')
    rmSync(stamp, { force: true })
    removeOrphans()
    const tsc = require.resolve('typescript/bin/tsc')
    await run(process.execPath, [tsc, '-p', packageRoot, '--incremental', '--tsBuildInfoFile', join(dist, '.tsbuildinfo')], {
      cwd: packageRoot,
    })
    writeLoader()
    for (const entry of entries()) writeWrapper(entry)
    if (existsSync(join(dist, 'cli', 'main.js'))) chmodSync(join(dist, 'cli', 'main.js'), 0o755)
    writeJson(stamp, { sources: wanted })
  })
}

/** The folders of dist/ that package.json exports. */
function entries() {
  const { exports } = readJson(join(packageRoot, 'package.json'))
  return Object.values(exports).flatMap((target) => (typeof target === 'object' ? [join(packageRoot, target.require.default)] : []))
}

/** The ES module that loads the shim. */
const loader = join(dist, 'native', 'index.mjs')

/**
 * Every entry imports this module, whose error Node keeps: without a set-up each import of an entry throws it.
 *
 * Node 20 runs CommonJS that failed a second time, and then throws an internal assertion, since the first run removed it from its cache.
 */
function writeLoader() {
  writeFileSync(loader, `import { createRequire } from 'node:module'\ncreateRequire(import.meta.url)('./index.js')\n`)
}

/**
 * The ES module checks that it is no part of a bundle, loads the shim, and re-exports the objects and types of the CommonJS module, so that there
 * is one Tensor class for both.
 */
function writeWrapper(commonJs) {
  const name = commonJs.slice(commonJs.lastIndexOf('/') + 1)
  const stem = commonJs.slice(0, -'.js'.length)
  const first = [join(packageRoot, 'scripts', 'setup', 'installed.mjs'), loader].map(
    (path) => `import '${relative(dirname(commonJs), path)}'\n`,
  )
  writeFileSync(`${stem}.mjs`, `${first.join('')}export * from './${name}'\n`)
  writeFileSync(`${stem}.d.mts`, `export * from './${name}'\n`)
}

function hashOfSources() {
  const parts = [
    readFileSync(join(packageRoot, 'tsconfig.json')),
    readFileSync(join(packageRoot, 'package.json')),
    require('typescript/package.json').version,
    // It writes the ES modules.
    readFileSync(fileURLToPath(import.meta.url)),
  ]
  for (const file of filesUnder(join(packageRoot, 'src'))) parts.push(relative(packageRoot, file), readFileSync(file))
  return hash(...parts)
}

/** Removes outputs of deleted and renamed sources, which tsc leaves and which would be packed. */
function removeOrphans() {
  if (!existsSync(dist)) return
  for (const file of filesUnder(dist)) {
    const source = relative(dist, file).match(/^(.*?)\.(?:d\.ts|d\.mts|js|mjs)$/)
    if (source !== null && !existsSync(join(packageRoot, 'src', `${source[1]}.ts`))) rmSync(file)
  }
  // Without this, tsc would not write the removed files again.
  rmSync(join(dist, '.tsbuildinfo'), { force: true })
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
