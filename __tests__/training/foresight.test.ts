import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { noVerdict, type Foreseen } from '../../src/training/foresight'

const net = torch.jit.load(join(__dirname, '..', '..', 'models', 'small.pt'))

/** The warning for views that are as large as their images, whose layer has a stride of 8. */
function warning(size: readonly [number, number], change: Partial<Foreseen> = {}): string {
  const usual = { net, layer: 'layer3', channels: 3, images: 8, heldOut: 8, all: 100 } as const
  return String(noVerdict({ ...usual, size, sizeOption: 'inputSize', viewSize: size, isViewSizeGiven: false, ...change }))
}

describe('the warning of a run without a verdict', () => {
  test('advises an earlier layer, then larger images of the same shape, where the views are as large as the images', () => {
    expect(warning([25, 50])).toBe(
      "warning: this run will have no verdict: a view's map has 4 × 7 pixels; at least 6 × 6 are needed. Give an earlier layer (hiddenLayerPixel: 'layer2'), " +
        "images of about 41 × 82 pixels (height × width) (inputSize: '41,82'), or masks of 12 images or more (masks)",
    )
  })

  test.each([
    [25, 50],
    [33, 17],
    [9, 64],
    [10, 10],
  ])('advises images of which a view has a verdict: %i × %i', (height, width) => {
    const [, value] = /inputSize: '(\d+,\d+)'/.exec(warning([height, width]))!
    const [larger, wider] = value!.split(',').map(Number) as [number, number]
    expect(wider / larger).toBeCloseTo(width / height, 1)
    expect(warning([larger, wider])).toBe('null')
  })

  test('advises larger views first where the images have room for them', () => {
    expect(warning([64, 128], { viewSize: [32, 64] })).toContain(
      "Give views of about 48 × 64 pixels (height × width) (viewSize: '48,64'), an earlier layer (hiddenLayerPixel: 'layer2'), or masks",
    )
  })

  test('advises larger views in larger images where views have a size of their own', () => {
    expect(warning([40, 80], { viewSize: [32, 32], isViewSizeGiven: true })).toContain(
      "images of about 48 × 96 pixels (height × width) (inputSize: '48,96') with views of about 48 × 48 pixels (viewSize: '48,48'), or masks",
    )
  })

  test('advises no size where the network gives no larger map', () => {
    expect(warning([32, 32], { layer: 'avgpool' })).toMatch(/needed\. Give an earlier layer \(hiddenLayerPixel: 'layer2'\), or masks/)
  })

  test('is none with a map and images enough', () => {
    expect(warning([48, 48])).toBe('null')
  })
})
