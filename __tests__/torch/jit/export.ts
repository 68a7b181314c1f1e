import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

const head = `
import sys
sys.path.insert(0, ${JSON.stringify(__dirname)})
import kinds, networks, resnet
torch.manual_seed(0)
`

/** How Python writes `net` as TorchScript; tracing runs it, so its buffers are set back. */
const writers = {
  scripted: 'program = torch.jit.script(net)',
  traced: `
before = {name: value.clone() for name, value in net.state_dict().items()}
program = torch.jit.trace(net, torch.rand(2, 3, 32, 32), check_trace=False)
net.load_state_dict(before)
program.load_state_dict(before)`,
} as const

export type Way = keyof typeof writers
export const ways = Object.keys(writers) as readonly Way[]

export interface Export {
  readonly way?: Way
  /** Python code that runs after, with `net`, `program` and `inputs`, and may set `outputs`. */
  readonly after?: string
  readonly inputs?: Readonly<Record<string, unknown>>
}

/** Writes what the Python code calls `net` as TorchScript, in training mode unless the code says otherwise; answers with the path and Python's outputs. */
export async function exported<T extends object = Record<string, Tensor>>(
  make: string,
  options: Export = {},
): Promise<T & { path: string }> {
  const path = temporary(`${Math.random().toString(36).slice(2)}.pt`)
  const code = [head, make, writers[options.way ?? 'scripted'], "program.save(inputs['path'])", options.after ?? ''].join('\n')
  return { ...(await runPython<T>(code, { ...options.inputs, path })), path }
}
