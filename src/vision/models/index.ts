import { buildResNet, type Architecture, type ResNet } from './resnet'

export { BasicBlock, Bottleneck, ResNet, architectures, type Architecture } from './resnet'

export interface ModelOptions {
  numClasses?: number
}

function maker(arch: Architecture): (options?: ModelOptions) => ResNet {
  return (options = {}) => buildResNet(arch, options.numClasses)
}

export const resnet18 = maker('resnet18')
export const resnet34 = maker('resnet34')
export const resnet50 = maker('resnet50')
export const resnet101 = maker('resnet101')
export const resnet152 = maker('resnet152')
