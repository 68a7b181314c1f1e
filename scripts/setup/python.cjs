// Finds the Python that a libtorch belongs to. CommonJS, because both the set-up and src/native load it.
const { existsSync } = require('node:fs')
const { basename, dirname, isAbsolute, join } = require('node:path')
const { cacheFolder } = require('./stamp.cjs')

function pythonOf(libtorch, env = process.env) {
  return candidates(libtorch, env).find((python) => existsSync(python)) ?? null
}

function candidates({ path, source }, env) {
  const found = isAbsolute(source) ? [source] : []
  // A torch of Python lies in PREFIX/lib/python3.12/site-packages/torch, on Debian also in dist-packages.
  const packages = dirname(path)
  const version = basename(dirname(packages))
  if (/^(site|dist)-packages$/.test(basename(packages)) && /^python3/.test(version)) {
    const prefix = dirname(dirname(dirname(packages)))
    const names = version === 'python3' ? ['python3'] : [version, 'python', 'python3']
    found.push(...names.map((name) => join(prefix, 'bin', name)))
    if (prefix === '/usr/local') found.push(join('/usr', 'bin', version))
  }
  return [...found, join(cacheFolder(env), 'python', 'bin', 'python')]
}

module.exports = { pythonOf }
