// Loaded before the command line (`node --import`); writes the CPU time of the run, which does not depend on the machine's load.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(process.env.PIXELCL_BENCH_PROCESSOR, String((user + system) / 1e6))
})
