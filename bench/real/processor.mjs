// Loaded before the command line (`node --import`), it writes how many seconds of the processor the run took, however busy the machine was.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(process.env.PIXELCL_BENCH_PROCESSOR, String((user + system) / 1e6))
})
