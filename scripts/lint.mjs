// npm run lint: every static check of the sources, even after one has failed.
import { LINT, check } from './tasks/checks.mjs'

const { failed } = await check(LINT, (line) => process.stderr.write(`lint: ${line}\n`))
process.exitCode = failed.length > 0 ? 1 : 0
