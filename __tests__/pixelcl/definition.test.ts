import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import type { PixelCLOptions, View, Views } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { referenceLearner } from './reference'
import { apart, copyOf, gradientsOf, overlapping, smallImages, smallLearner, smallReference } from './small'

/** The loss from its definition, image by image and pixel by pixel, on the published package's networks. */
const definition = `
${referenceLearner}
${smallReference}
import math

def cut(images, views, size, mode):
    cuts = []
    for image, view in zip(images, views):
        box = view['box']
        crop = F.interpolate(image[None, :, box['y0']:box['y1'], box['x0']:box['x1']], size=tuple(size), mode=mode)
        cuts.append(crop.flip(-1) if view['hflip'] else crop)
    return torch.cat(cuts)

def places(view, size, map_size, distance):
    """Every map pixel's place (y, x), and what distances are divided by."""
    (H, W), (h, w), box = size, map_size, view['box']
    if distance == 'image':
        grid = torch.stack(torch.meshgrid(torch.arange(H), torch.arange(W), indexing='ij'))[None].float() / math.sqrt(H * H + W * W)
        grid = grid * torch.tensor([h, w]).view(1, 2, 1, 1)
        grid = F.interpolate(grid[:, :, box['y0']:box['y1'], box['x0']:box['x1']], size=(h, w), mode='bilinear')
        grid = grid.flip(-1) if view['hflip'] else grid
        return grid[0].flatten(1).t().tolist(), 1.
    top, bottom = box['y0'] / (H - 1), (box['y1'] - 1) / (H - 1)
    left, right = box['x0'] / (W - 1), (box['x1'] - 1) / (W - 1)
    if view['hflip']:
        left, right = right, left
    tall, wide = (bottom - top) / h, (right - left) / w
    return [(top + (i + .5) * tall, left + (j + .5) * wide) for i in range(h) for j in range(w)], math.hypot(tall, wide)

def positives(one, two, size, map_size, options):
    (a, scale_a), (b, scale_b) = (places(view, size, map_size, options['distance']) for view in (one, two))
    eps = 1e-6 if options['distance'] == 'image' else 0
    ratios = [[math.hypot(p[0] - q[0] + eps, p[1] - q[1] + eps) / max(scale_a, scale_b) for q in b] for p in a]
    assert min(abs(ratio - options['threshold']) for row in ratios for ratio in row) > 1e-6, 'too near the threshold to compare'
    return torch.tensor([[ratio < options['threshold'] for ratio in row] for row in ratios])

def mean(values):
    return sum(values) / len(values)

def direction(pixels, targets, masks, options):
    cosines = F.cosine_similarity(pixels[..., :, None], targets[..., None, :], dim=1)
    parts = []  # of each image that has positives
    for cosine, mask in zip(cosines, masks):
        if not mask.any():
            continue
        exps = (cosine / options['temperature']).exp()
        if options['pixpro']:
            parts.append(list(cosine[mask]))
        elif options['contrast'] == 'pixel':
            parts.append([-torch.log(exps[i][mask[i]].sum() / exps[i].sum()) for i in range(len(mask)) if mask[i].any()])
        else:
            parts.append((exps[mask].sum(), exps.sum()))
    if options['pixpro']:
        return -(mean([mean(part) for part in parts]) if options['sample'] else mean(sum(parts, [])))
    if options['contrast'] == 'pixel':
        return mean([mean(part) for part in parts]) if options['sample'] else mean(sum(parts, []))
    if options['sample']:
        return mean([-torch.log(share / whole) for share, whole in parts])
    return -torch.log(sum(share for share, _ in parts) / sum(whole for _, whole in parts))

options = inputs['options']
learner = small_learner(augment_fn=lambda images: images, use_pixpro=options['pixpro'], ppm_num_layers=2).double()
missing, unexpected = learner.load_state_dict(inputs['state'], strict=False)
# Without the instance loss its branch is left out.
assert not unexpected and all(options['instance_weight'] == 0 and ('instance_projector' in name or name.startswith('online_predictor')) for name in missing)
images, (views_one, views_two) = inputs['images'], inputs['views']
one, two = (cut(images, views, options['view_size'], options['mode']) for views in (views_one, views_two))
(pixels_one, instance_one), (pixels_two, instance_two) = learner.online_encoder(one), learner.online_encoder(two)
with torch.no_grad():
    (target_one, target_instance_one), (target_two, target_instance_two) = learner.target_encoder(one), learner.target_encoder(two)
masks = [positives(a, b, images.shape[2:], pixels_one.shape[2:], options) for a, b in zip(views_one, views_two)]
if options['pixpro']:
    pixels_one, pixels_two = learner.propagate_pixels(pixels_one), learner.propagate_pixels(pixels_two)
flat = lambda x: x.flatten(2)
loss = options['alpha'] * (direction(flat(pixels_one), flat(target_two), masks, options)
                           + direction(flat(pixels_two), flat(target_one), [mask.t() for mask in masks], options)) / 2
if options['instance_weight'] > 0:
    far = lambda x, y: 2 - 2 * (F.normalize(x, dim=-1) * F.normalize(y, dim=-1)).sum(-1)
    instance = far(learner.online_predictor(instance_one), target_instance_two) + far(learner.online_predictor(instance_two), target_instance_one)
    loss = loss + options['instance_weight'] * instance.mean()
loss.backward()
counts = [int(mask.sum()) for mask in masks]
outputs = {'loss': loss.detach(), 'counts': counts, 'grads': {name: p.grad for name, p in learner.named_parameters() if p.grad is not None}}
`

interface Answer {
  readonly loss: Tensor
  readonly counts: number[]
  readonly grads: Record<string, Tensor>
}

/** Every image its own geometry; the second has no positive pair. */
const own: readonly [View[], View[]] = [
  [overlapping[0], apart[0], { box: { y0: 1, y1: 30, x0: 4, x1: 20 }, hflip: true }],
  [overlapping[1], apart[1], { box: { y0: 9, y1: 25, x0: 2, x1: 32 }, hflip: true }],
]
const shared = overlapping.map((view) => [view, view, view]) as [View[], View[]]

type Options = Partial<PixelCLOptions>
const cases: Record<string, Options> = {
  'PixContrast over each pixel': { usePixpro: false, contrast: 'pixel' },
  'PixContrast over each pixel, every image its own crop': { usePixpro: false, contrast: 'pixel', cropPer: 'sample' },
  'PixContrast over the batch': { usePixpro: false, contrast: 'batch' },
  'PixContrast over the batch, every image its own crop': { usePixpro: false, contrast: 'batch', cropPer: 'sample' },
  PixPro: {},
  'PixPro, every image its own crop': { cropPer: 'sample' },
  'distances in bins': { distance: 'bin' },
  'views of a size of their own': { viewSize: [16, 28] },
  'views of a size of their own, with distances in bins': { viewSize: [40, 24], distance: 'bin', cropPer: 'sample' },
  'all of the four together, without the instance loss': {
    usePixpro: false,
    contrast: 'pixel',
    cropPer: 'sample',
    distance: 'bin',
    instanceWeight: 0,
  },
  'PixPro in bins with weights and another interpolation': {
    cropPer: 'sample',
    distance: 'bin',
    distanceThres: 1.3,
    alpha: 0.3,
    instanceWeight: 0.25,
    cutoutInterpolateMode: 'bilinear',
  },
  'a sharp temperature': { usePixpro: false, similarityTemperature: 0.05, distanceThres: 0.4, alpha: 2 },
}

describe('the loss, the number of pairs and all gradients follow from the definition', () => {
  test.each(Object.entries(cases))('%s', async (_, options) => {
    torch.manualSeed(4)
    const learner = smallLearner({ ppmNumLayers: 2, ...options })
    learner.double()
    const images = smallImages(3, 'float64')
    // A target that differs from the online encoder shows which of the two a loss reads.
    torch.noGrad(() => learner.targetEncoder!.parameters().forEach((parameter) => parameter.add_(torch.randnLike(parameter).mul_(0.1))))
    const state = copyOf(learner.stateDict())
    const perSample = options.cropPer === 'sample'
    const python = await runPython<Answer>(definition, {
      options: {
        pixpro: options.usePixpro ?? true,
        contrast: options.contrast ?? 'batch',
        distance: options.distance ?? 'image',
        sample: perSample,
        threshold: torch.float(options.distanceThres ?? 0.7),
        temperature: torch.float(options.similarityTemperature ?? 0.3),
        alpha: torch.float(options.alpha ?? 1),
        instance_weight: torch.float(options.instanceWeight ?? 1),
        mode: options.cutoutInterpolateMode ?? 'nearest',
        view_size: options.viewSize ?? [32, 32],
      },
      state,
      images,
      views: perSample ? own : shared,
    })

    const views: readonly [Views, Views] = perSample ? own : overlapping
    const [loss, pairs] = learner.forward(images, { returnPositivePairs: true, views })
    loss.backward()
    const counts = perSample ? python.counts : python.counts.slice(0, 1)
    expect(pairs).toBe(counts.reduce((sum, count) => sum + count))
    expect(pairs).toBeGreaterThan(20)
    if (perSample) expect(python.counts[1]).toBe(0)
    expect(loss).toBeAllclose(python.loss, { rtol: 1e-10 })
    const grads = gradientsOf(learner)
    expect(Object.keys(grads).sort()).toEqual(Object.keys(python.grads).sort())
    for (const [name, grad] of Object.entries(python.grads)) expectWith(grads[name], name).toBeAllclose(grad, { rtol: 1e-8, atol: 1e-11 })
  })
})
