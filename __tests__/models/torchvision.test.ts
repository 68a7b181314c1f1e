import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { PixelCL } from '../../src/pixelcl'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { temporary } from '../support/files'
import { runPython } from '../support/python'
import { skipIf } from '../support/skip'
import { pythonVersionOf } from '../support/versions'

const version = pythonVersionOf('torchvision')
const reason = "the tests' Python has no torchvision; npm run test:libtorch installs one"

/** A ResNet50 after two steps of pretraining, in evaluation mode. */
function improved() {
  torch.manualSeed(11)
  const resnet = models.resnet50()
  const learner = new PixelCL(resnet, {
    imageSize: 32,
    hiddenLayerPixel: 'layer3',
    hiddenLayerInstance: -2,
    projectionSize: 8,
    projectionHiddenSize: 16,
  })
  const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-3 })
  for (let step = 0; step < 2; step++) {
    const loss = learner.forward(torch.rand([2, 3, 32, 32]))
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    learner.updateMovingAverage()
  }
  return resnet.eval()
}

skipIf(version === null, reason).describe('torchvision', () => {
  test('takes an improved ResNet: as a state, strictly, and as a program', async () => {
    const resnet = improved()
    const [state, program] = [temporary('improved-resnet.pt'), temporary('program.pt')]
    torch.save(resnet.stateDict(), state)
    torch.save(resnet, program)
    const images = torch.rand([2, 3, 64, 64])
    const { logits, scripted, names } = await runPython<{ logits: torch.Tensor; scripted: torch.Tensor; names: string[] }>(
      `
from torchvision.models import resnet50
model = resnet50()
model.load_state_dict(torch.load(inputs['state']))
with torch.no_grad():
    outputs = {'logits': model.eval()(inputs['images']), 'names': list(model.state_dict()),
               'scripted': torch.jit.load(inputs['program']).eval()(inputs['images'])}
`,
      { state, program, images },
    )
    expect(Object.keys(resnet.stateDict())).toEqual(names)
    const ours = torch.noGrad(() => resnet.call(images))
    expect(logits).toBeAllclose(ours, { rtol: 1e-4, atol: 1e-5 })
    expect(scripted).toBeAllclose(ours, { rtol: 1e-4, atol: 1e-5 })
  })

  test('gives weights that this package reads, as a state and as TorchScript', async () => {
    const folder = temporary('from-torchvision')
    const images = torch.rand([2, 3, 64, 64])
    const { logits } = await runPython<{ logits: torch.Tensor }>(
      `
import os
from torchvision.models import resnet18
os.makedirs(inputs['folder'])
torch.manual_seed(5)
model = resnet18().eval()
torch.save(model.state_dict(), inputs['folder'] + '/state.pth')
torch.jit.script(model).save(inputs['folder'] + '/program.pt')
with torch.no_grad():
    outputs = {'logits': model(inputs['images'])}
`,
      { folder, images },
    )
    for (const file of ['state.pth', 'program.pt']) {
      const native = models.resnet18({ weights: join(folder, file) }).eval()
      expect(torch.noGrad(() => native.call(images))).toBeAllclose(logits, { rtol: 1e-4, atol: 1e-5 })
    }
    const program = torch.jit.load(join(folder, 'program.pt')).eval()
    expect(torch.noGrad(() => program.call(images))).toBeAllclose(logits, { rtol: 1e-4, atol: 1e-5 })
  })
})
