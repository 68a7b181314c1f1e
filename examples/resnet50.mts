// Pretrains a ResNet50 on a folder of images: npx tsx examples/resnet50.mts
import * as torch from 'pixelcl/torch'
import { datasets, models } from 'pixelcl/vision'
import { PixelCL } from 'pixelcl'

const steps = 100
const batch = 10
const size = 256

const photos = new datasets.ImageFolder('photos', { size: [size, size] })
const resnet = models.resnet50({ weights: 'resnet50.pt' }) // a TorchScript export, a state dict, or a name such as 'IMAGENET1K_V2'
const learner = new PixelCL(resnet, { imageSize: size, hiddenLayerPixel: 'layer4', hiddenLayerInstance: -2 })
const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-4 })

for (let step = 1; step <= steps; step++) {
  const images = await photos.sample(batch) // float32 [N, 3, H, W] in 0…1
  const loss = learner.forward(images)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  learner.updateMovingAverage()
  console.log(`step ${step}: loss ${loss.item().toFixed(4)}`)
}

torch.save(resnet.stateDict(), 'improved-resnet.pt')
