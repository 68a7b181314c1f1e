// Imported first by the ES module entries: bundled into an ES module, the CommonJS behind them fails before it could say why.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUNDLED } from './bundled.cjs'

// A bundle in CommonJS has no URL.
const { url } = import.meta
if (url === undefined || !existsSync(join(dirname(fileURLToPath(url)), 'installed.mjs')))
  throw Object.assign(new Error(BUNDLED), { name: 'SetupError', code: 'SETUP' })
