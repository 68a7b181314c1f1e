import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import * as torch from '../../src/torch'
import { chart, niceTicks, runningMean } from '../../src/report/chart'
import { componentColours } from '../../src/report/components'
import { escapeHtml, html } from '../../src/report/html'
import { classColour, classesUri, imageUri } from '../../src/report/pictures'

/** The pixels of a data URI. */
async function decoded(uri: string): Promise<{ data: Buffer; width: number; height: number; channels: number }> {
  expect(uri).toMatch(/^data:image\/png;base64,/)
  const { data, info } = await sharp(Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64'))
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

describe('html', () => {
  test('escapes what is filled in, and pieces only once', () => {
    const inner = html`<b title="${`"'`}">${'a < b & c > d'}</b>`
    expect(html`<p>${[inner, inner]}${3}${null}</p>`.text).toBe(`<p>${'<b title="&quot;&#39;">a &lt; b &amp; c &gt; d</b>'.repeat(2)}3</p>`)
  })

  test('shows control characters, which no HTML may hold', () => {
    expect(escapeHtml('a\0b\x1bc\td\n')).toBe('a\ufffdb\ufffdc\td\n')
  })
})

describe('a chart', () => {
  test('has round numbers on its axis that enclose the values', () => {
    expect(niceTicks(0, 10, 4)).toEqual([0, 2.5, 5, 7.5, 10])
    expect(niceTicks(1.93, 2.41, 4)).toEqual([1.8, 2, 2.2, 2.4, 2.6])
    expect(niceTicks(-0.9, -0.1, 4)).toEqual([-1, -0.8, -0.6, -0.4, -0.2, 0])
    for (const value of [0, 7, -3, 1e-9, 1e9]) {
      const ticks = niceTicks(value, value, 4)
      expect(ticks[0]).toBeLessThanOrEqual(value)
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(value)
      expect(ticks.length).toBeGreaterThan(1)
    }
  })

  test('has a running mean that at the ends takes what there is', () => {
    expect(runningMean([1, 2, 3, 10], 1)).toEqual([1.5, 2, 5, 6.5])
    expect(runningMean([4, 5], 0)).toEqual([4, 5])
  })

  test('draws every step of a short run, and a limited number of points of a long one', () => {
    const points = (count: number) => {
      const { text } = chart({ title: 'Loss', values: Array.from({ length: count }, (_, i) => i), format: String })
      return /class="raw" d="([^"]*)"/.exec(text)![1]!.match(/[ML]/g)!.length
    }
    expect(points(40)).toBe(40)
    expect(points(100_000)).toBeLessThanOrEqual(600)
    expect(points(100_000)).toBeGreaterThan(400)
  })

  test('draws exact values alone', () => {
    const { text } = chart({ title: 'Learning rate', values: [0, 4, 1], format: String, isExact: true })
    expect(text).not.toContain('class="raw"')
    expect(/class="mean" d="([^"]*)"/.exec(text)![1]!.match(/[ML]/g)).toHaveLength(3)
    expect(text).toContain('Learning rate: from 0 at the first step to 1 at step 3')
  })

  test('has a text alternative, and shows a single step as a dot', () => {
    const { text } = chart({ title: 'Loss', values: [2], format: (value) => value.toFixed(2) })
    expect(text).toContain('aria-label="Loss: from 2.00 at the first step to 2.00 at step 1"')
    expect(text).toContain('<circle')
    expect(text).not.toContain('NaN')
  })
})

describe("the features' principal components", () => {
  const turn = () => torch.linalg.qr(torch.randn([5, 5]))[0]

  test('have the same colours where after is before in other coordinates', () => {
    torch.manualSeed(1)
    const before = torch.randn([2, 5, 6, 6]).mul(torch.tensor([5, 3, 2, 0.1, 0.1]).view([1, 5, 1, 1]))
    const after = torch.einsum('nchw,cd->ndhw', [before, turn()])
    const [one, two] = componentColours(before, after)
    expect(one.shape).toEqual([2, 6, 6, 3])
    expect(two).toBeAllclose(one, { atol: 1e-4 })
    expect(one.std().item()).toBeGreaterThan(0.1)
  })

  test('have two colours for two kinds of features', () => {
    torch.manualSeed(2)
    const kind = torch.arange(16).remainder(2).view([1, 1, 4, 4]).to('float32')
    const features = torch.cat([kind, torch.rsub(kind, 1)], 1).add(torch.randn([1, 2, 4, 4]).mul(1e-3))
    const [colours] = componentColours(features, features)
    const red = colours.select(3, 0).flatten()
    expect(
      red
        .index([torch.slice(0, null, 2)])
        .sub(red.index([torch.slice(1, null, 2)]))
        .abs()
        .min()
        .item(),
    ).toBeGreaterThan(0.4)
  })

  test('are grey where features are the same everywhere, or have fewer than three channels', () => {
    const [one, two] = componentColours(torch.ones([1, 4, 3, 3]), torch.ones([1, 1, 3, 3]))
    expect(one).toBeAllclose(torch.full([1, 3, 3, 3], 0.5).to('float64'), { atol: 1e-3 })
    expect(two).toBeAllclose(torch.full([1, 3, 3, 3], 0.5).to('float64'), { atol: 1e-3 })
  })
})

describe('pictures', () => {
  test('hold the bytes of their images', async () => {
    const image = torch.arange(24).view([3, 2, 4]).to('float32').div(255)
    const { data, width, height } = await decoded(await imageUri(image))
    expect([width, height]).toEqual([4, 2])
    expect([...data.subarray(0, 6)]).toEqual([0, 8, 16, 1, 9, 17])
  })

  test('show classes in their colours and all others in grey', async () => {
    const { data } = await decoded(await classesUri(torch.tensor([[0, 1, 11]]).to('int64'), 2))
    const hex = (at: number) => `#${data.subarray(3 * at, 3 * at + 3).toString('hex')}`
    expect([hex(0), hex(1), hex(2)]).toEqual([classColour(0), classColour(1), '#808080'])
  })

  test('give thirty classes thirty different colours', () => {
    const colours = Array.from({ length: 30 }, (_, i) => classColour(i))
    expect(new Set(colours).size).toBe(30)
    for (const colour of colours) expect(colour).toMatch(/^#[0-9a-f]{6}$/)
  })
})
