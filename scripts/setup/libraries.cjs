// Checks shared libraries for damage. CommonJS, because both the set-up and src/native load it.
const { closeSync, existsSync, fstatSync, openSync, readSync } = require('node:fs')
const { join } = require('node:path')

const apple = process.platform === 'darwin'
const ELF_MAGIC = 0x7f454c46
const PT_LOAD = 1

function libraryPath(folder, name) {
  return join(folder, 'lib', `lib${name}.${apple ? 'dylib' : 'so'}`)
}

function libtorchDamage({ path, cuda }) {
  for (const name of ['torch', 'torch_cpu', 'c10', ...(cuda ? ['torch_cuda', 'c10_cuda'] : [])]) {
    const file = libraryPath(path, name)
    const damage = existsSync(file) ? elfDamage(file) : 'is gone'
    if (damage !== null) return `${file} ${damage}`
  }
  return null
}

function elfDamage(path) {
  // macOS reports a truncated Mach-O file as an error of dlopen.
  if (apple) return null
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const header = Buffer.alloc(64)
    if (readSync(descriptor, header, 0, 64, 0) < 64 || header.readUInt32BE(0) !== ELF_MAGIC) return 'is no ELF library'
    const entrySize = header.readUInt16LE(54)
    const entries = header.readUInt16LE(56)
    const table = Buffer.alloc(entrySize * entries)
    const read = readSync(descriptor, table, 0, table.length, Number(header.readBigUInt64LE(32)))
    if (read < table.length) return `is truncated: ${size} bytes, its headers lie beyond`
    let needed = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
    for (let i = 0; i < entries; i++) {
      const at = i * entrySize
      if (table.readUInt32LE(at) === PT_LOAD)
        needed = Math.max(needed, Number(table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32)))
    }
    return size < needed ? `is truncated: ${size} of ${needed} bytes` : null
  } finally {
    closeSync(descriptor)
  }
}

module.exports = { libraryPath, libtorchDamage, elfDamage }
