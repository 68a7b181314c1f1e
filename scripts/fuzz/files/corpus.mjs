// Writes good files of every format:
//   node corpus.mjs DIST FOLDER
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [dist, folder] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const torch = require(`${dist}/torch/index.js`)
const to = (name) => join(folder, name)

torch.manualSeed(0)
const { nn } = torch
const net = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Flatten(), new nn.Linear(4, 2))
const optimizer = new torch.optim.Adam(net.parameters(), { lr: 0.1 })
net
  .call(torch.ones([2, 3, 3, 3]))
  .sum()
  .backward()
optimizer.step()
torch.save(net.stateDict(), to('state.pt'))
torch.save(
  { state_dict: net.stateDict(), optimizer: optimizer.stateDict(), epoch: 3, args: { lr: torch.float(1), names: ['a', null, true] } },
  to('checkpoint.pt'),
)
torch.save(
  [torch.eye(3).toSparse(), torch.tensor([1n, 2n]).view([2, 1]).expand([2, 3]), new Map([[1, 'one']]), new Uint8Array([1, 2]), 2n ** 100n],
  to('values.pt'),
)
torch.safetensors.save(net.stateDict(), to('weights.safetensors'))
torch.save(net, to('program.pt'))
copyFileSync(join(dist, '..', 'models', 'small.pt'), to('small.pt'))
