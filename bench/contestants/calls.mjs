import * as torch from '../../dist/torch/index.js'
import { native } from '../../dist/native/index.js'
import { serve } from './serve.mjs'

torch.setNumThreads(1)
const x = torch.ones([2, 2])
const y = torch.ones([2, 2])
const add = native.operator('aten::add', 'Tensor')
const unaccounted = native.operatorWithoutAccounting('aten::add', 'Tensor')
const mlp = new torch.nn.Sequential(...Array.from({ length: 10 }, () => [new torch.nn.Linear(64, 64), new torch.nn.ReLU()]).flat())
const row = torch.ones([1, 64])

function perCall(count, work) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) work()
  return Number(process.hrtime.bigint() - start) / count
}

function round() {
  return {
    add: perCall(200_000, () => x.add(y)),
    function: perCall(200_000, () => torch.add(x, y)),
    operator: perCall(200_000, () => add(x._h, y._h)),
    unaccounted: perCall(200_000, () => unaccounted(x._h, y._h)),
    empty: perCall(1_000_000, () => native.emptyCall(x._h, y._h)),
    mlp: perCall(500, () => mlp.call(row).sum().backward()),
  }
}

round()
await serve(round)
