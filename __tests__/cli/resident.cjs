// Runs the built command line for one message after another, in one process: to start Node and load libtorch takes longer than a short command.
const { join } = require('node:path')

const { run } = require(join(process.argv[2], 'cli', 'program.js'))

let output
for (const name of ['stdout', 'stderr']) {
  process[name].write = (text, ...rest) => {
    output[name] += text
    rest.at(-1)?.()
    return true
  }
}

process.on('message', async (args) => {
  output = { stdout: '', stderr: '' }
  const code = await run(args)
  process.send({ code, signal: null, ...output })
})
