#!/usr/bin/env node
import { run } from './program'

// Who reads a pipe may have seen enough, as `head` does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exitCode ??= 0
  })
}

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
