import type { LoadedBackbone } from './backbone'

/** torchvision's default number of classes. */
const USUAL_CLASSES = 1000

/** Two lines of Python that load the file of `saveBackbone`. */
export function pythonLines({ net, arch, keys }: Omit<LoadedBackbone, 'isEval'>, path: string): [string, string] {
  const file = JSON.stringify(path)
  if (arch === null) return ['import torch', `model = torch.jit.load(${file})`]
  const classes = net.stateDict()['fc.weight']!.shape[0]
  const hasHead = keys.includes('fc.weight')
  const make = `torchvision.models.${arch}(${hasHead && classes !== USUAL_CLASSES ? `num_classes=${classes}` : ''})`
  return ['import torch, torchvision', `model = ${make}; model.load_state_dict(torch.load(${file})${hasHead ? '' : ', strict=False'})`]
}
