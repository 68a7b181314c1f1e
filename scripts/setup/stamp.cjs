// Records the compiled shim of these sources. CommonJS, because both the set-up and src/native load it.
const { createHash } = require('node:crypto')
const { existsSync, readFileSync, readdirSync } = require('node:fs')
const { homedir } = require('node:os')
const { dirname, join, relative, sep } = require('node:path')

const packageRoot = dirname(dirname(__dirname))

function cacheFolder(env = process.env) {
  return env.PIXELCL_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pixelcl')
}

function hash(...parts) {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(String(part.length)).update(':').update(part)
  return digest.digest('hex').slice(0, 16)
}

function sourceHash(root = packageRoot) {
  const binding = join(root, 'binding')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const parts = [version, readFileSync(join(root, 'CMakeLists.txt'))]
  for (const file of filesUnder(binding)) parts.push(relative(binding, file).replaceAll(sep, '/'), readFileSync(file))
  return hash(...parts)
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort()
}

function stampPath(root = packageRoot, env = process.env) {
  return join(cacheFolder(env), 'stamps', `${sourceHash(root)}-${process.platform}-${process.arch}.json`)
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

function readStamp(root = packageRoot, env = process.env) {
  return readJson(stampPath(root, env))
}

function isInstalled() {
  return existsSync(join(packageRoot, 'scripts', 'setup', 'stamp.cjs'))
}

module.exports = { packageRoot, isInstalled, cacheFolder, hash, sourceHash, stampPath, readJson, readStamp }
