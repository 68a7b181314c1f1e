// Imports programs one after another, as the process that forked this one asks for them, and answers what each printed or threw.
import { inspect } from 'node:util'
import { pathToFileURL } from 'node:url'
import * as torch from 'pixelcl/torch'

const randomState = torch.getRngState()
let lines = []
for (const name of ['log', 'info', 'warn', 'error', 'table'])
  console[name] = (...values) => lines.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '))

/** What a program may leave changed for those after it. */
function reset() {
  torch.setDefaultDtype('float32')
  torch.setGradEnabled(true)
  torch.setPrintoptions()
  torch.setRngState(randomState)
}

process.on('message', async (path) => {
  lines = []
  let error
  try {
    await import(pathToFileURL(path).href)
  } catch (thrown) {
    error = inspect(thrown)
  }
  reset()
  process.send({ lines, error })
})
