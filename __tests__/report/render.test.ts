import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { renderReport } from '../../src/report'
import { MEASURE_WORDS, changesOf, type Changes, type MeasureName } from '../../src/evaluation'
import { someSet } from '../evaluation/support'
import { someMetrics, someReport } from './support'

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * Reads the file as strict XML would be read: every element closed in order, every attribute quoted, no bare `<` or `&`.
 *
 * @throws Error at the first place that is not so.
 */
function parse(text: string): { elements: Element[]; words: string } {
  const elements: Element[] = []
  const open: string[] = []
  const words: string[] = []
  const body = text.replace(/^<!doctype html>/, '').replace(/<style>[\s\S]*?<\/style>/, '<style></style>')
  for (const [piece] of body.matchAll(/<[^>]*>|[^<]+/g)) {
    const closing = /^<\/(\w+)>$/.exec(piece)
    if (closing !== null) {
      expect(closing[1]).toBe(open.pop())
      continue
    }
    if (!piece.startsWith('<')) {
      expect(piece).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)|>/)
      words.push(piece)
      continue
    }
    const opening = /^<([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>$/.exec(piece)
    if (opening === null) throw new Error(`no element: ${piece.slice(0, 200)}`)
    const attributes = [...opening[2]!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!] as const)
    elements.push({ name: opening[1]!, attributes: Object.fromEntries(attributes) })
    if (opening[3] === '') open.push(opening[1]!)
  }
  expect(open).toEqual([])
  return { elements, words: words.join('').replace(/\s+/g, ' ') }
}

describe('a report', () => {
  test('is well-formed, and needs nothing beyond its own file', async () => {
    const text = await renderReport(someReport())
    const { elements } = parse(text)
    expect(text).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:|\son\w+=/)
    for (const { attributes } of elements) {
      for (const name of ['src', 'href'])
        if (attributes[name] !== undefined) expect(attributes[name]).toMatch(/^data:image\/png;base64,[\w+/=]+$/)
    }
    const policy = elements.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')
    expect(policy?.attributes['content']).toContain("default-src 'none'")
  })

  test('shows the measures as they were measured, with their change', async () => {
    const report = someReport()
    const one = { knn: 0.5, linear: 0.3, correspondence: 0.28612, copy: 0.2, placeShare: 0.05, rank: 3.14, deviation: 0.7 }
    const two = { knn: 0.4887, linear: 0.30004, correspondence: 0.57349, copy: 0.1, placeShare: 0.25, rank: 9.94, deviation: 0.6 }
    const [before, after] = [
      { ...report.before, measures: one },
      { ...report.after, measures: two },
    ]
    const noise = { low: 0.01, high: 0.02 }
    const measured = changesOf(before, after)
    const clear = Object.entries(measured).map(([name, change]) => {
      const { better } = MEASURE_WORDS[name as MeasureName]
      const direction = better === null || change.change === 0 ? null : change.change! > 0 === (better === 'higher') ? 'better' : 'worse'
      return [name, { ...change, noise, direction }]
    })
    const changes = Object.fromEntries(clear) as Changes
    const text = await renderReport({ ...report, before, after, changes, verdict: { outcome: 'shortcut', title: 'T', reason: 'R' } })
    const rows = [
      ...text.matchAll(/<th scope="row">([^<]*)<\/th>\s*<td>([^<]*)<\/td>\s*<td>([^<]*)<\/td>\s*<td(?: class="(\w+)")?>([^<]*?)\s*</g),
    ]
    expect(rows.map((row) => row.slice(1))).toEqual([
      ['kNN mIoU', '0.500', '0.489', 'worse', '−0.011'],
      // What is shown as equal is neither better nor worse.
      ['Linear mIoU', '0.300', '0.300', undefined, '0.000'],
      ['View correspondence', '0.286', '0.573', 'better', '+0.287'],
      ['Copied position', '0.200', '0.100', 'better', '−0.100'],
      ['Place share', '0.050', '0.250', 'worse', '+0.200'],
      ['Effective rank', '3.1', '9.9', undefined, '+6.8'],
      ['Deviation', '0.700', '0.600', undefined, '−0.100'],
    ])
    expect(text).toContain('<small>+0.010 to +0.020</small>')
  })

  test('begins with the verdict, its figures and what to try next', async () => {
    const verdict = { outcome: 'unchanged', title: 'No change within the noise', reason: 'kNN mIoU went from 0.1 to 0.1.' } as const
    const text = await renderReport(someReport({ verdict }))
    const { words } = parse(text)
    expect(words.indexOf(verdict.title)).toBeLessThan(words.indexOf('View correspondence'))
    expect(text).toContain('<section class="verdict unchanged">')
    expect(words).toContain(verdict.reason)
    expect(words).toContain('more steps: --steps 900 (now 300)')
  })

  test('of a dry run says before the verdict that nothing of it is a result', async () => {
    const report = someReport()
    const words = async (config: object) => parse(await renderReport({ ...report, config: { ...report.config, ...config } })).words
    expect(await words({ dryRun: true })).toMatch(/UTC This was a dry run, and nothing of it is a result\. Worse/)
    expect(await words({})).not.toContain('dry run')
  })

  test('of a stopped run says before the verdict, above the curves and among the facts how far it came', async () => {
    const report = someReport()
    const { words } = parse(await renderReport({ ...report, planned: 1354, interrupted: 'SIGTERM' }))
    expect(words).toMatch(/UTC The training was ended early: 40 of 1,354 steps, stopped by SIGTERM\. Worse/)
    expect(words).toContain('0:10 for 40 of 1,354 steps, stopped by SIGTERM.')
    expect(words).toMatch(/Training\s*40 of 1,354 steps, stopped by SIGTERM, 2\.5 epochs/)
    expect(parse(await renderReport(report)).words).not.toMatch(/ended early|stopped| of 40 steps/)
  })

  test('says why a measure is missing', async () => {
    const set = someSet()
    const { words } = parse(await renderReport(someReport({ set: { ...set, views: { ...set.views, viewSize: [16, 16] } } })))
    expect(words).toMatch(
      /View correspondence, Copied position\s*Not measured: a view&#39;s map has 4 × 4 pixels; at least 6 × 6 are needed\./,
    )
  })

  test('says why a measure is missing at one of both times', async () => {
    const report = someReport()
    const after = { ...report.after, measures: { ...report.after.measures, placeShare: null }, missing: { placeShare: 'all are alike' } }
    const { words } = parse(await renderReport(someReport({ after })))
    expect(words).toMatch(/Place share\s*Not measured after the training: all are alike\./)
  })

  test('shows eight images in six pictures each, every one described', async () => {
    const { elements } = parse(await renderReport(someReport()))
    const pictures = elements.filter(({ name }) => name === 'img')
    expect(pictures).toHaveLength(8 * 6)
    for (const { attributes } of pictures) expect(attributes['alt']).toMatch(/image [1-8]\b/)
    const drawings = elements.filter(({ name }) => name === 'svg')
    expect(drawings).toHaveLength(5)
    for (const { attributes } of drawings) {
      expect(attributes['role']).toBe('img')
      expect(attributes['aria-label']).toMatch(/\w{3}/)
    }
  })

  test('heads every column of its tables, names its language and has one title', async () => {
    const { elements } = parse(await renderReport(someReport({ skipped: new Map([['a.jpg', 'broken']]) })))
    for (const { name, attributes } of elements) if (name === 'th') expect(attributes['scope']).toMatch(/^(col|row)$/)
    expect(elements.find(({ name }) => name === 'html')?.attributes['lang']).toBe('en')
    expect(elements.filter(({ name }) => name === 'h1')).toHaveLength(1)
  })

  test('tells the overlap by class, in its name', async () => {
    const report = someReport()
    const { words } = parse(await renderReport(report))
    const value = ({ samples }: typeof report.before, k: number) => {
      const sums = samples.knn!.reduce(([both, union], one) => [both! + one.both[k]!, union! + one.predicted[k]! + one.truth[k]! - one.both[k]!], [0, 0]) // prettier-ignore
      return (sums[0]! / sums[1]!).toFixed(3)
    }
    expect(words).toContain('Intersection over union by class')
    expect(words).not.toContain('not counted')
    const labels = { ...report.set.labels!, masks: report.set.labels!.masks.clone().fill_(2) }
    expect(parse(await renderReport({ ...report, set: { ...report.set, labels } })).words).toContain('not counted')
    for (const [k, name] of [
      [0, 'stripes'],
      [1, 'dots &amp; &lt;bold&gt;'],
    ] as const)
      // prettier-ignore
      expect(words.replaceAll(/\s+/g, ' ')).toContain(`${name} ${value(report.before, k)} → ${value(report.after, k)} `)
  })

  test('draws a pair of views with lines for its positive pairs', async () => {
    const text = await renderReport(someReport())
    const count = Number(/(\d+) of their [\d,]+ positive pairs/.exec(text)?.[1] ?? /their (\d+) positive pairs/.exec(text)?.[1])
    expect(count).toBeGreaterThan(10)
    expect(text.split('<g style="--hue:').length - 1).toBe(count)
  })

  test('escapes every name and message of the user', async () => {
    const evil = `<img src=x onerror="alert('1')"> & co`
    const set = someSet()
    const text = await renderReport(
      someReport({
        title: evil,
        config: { [evil]: evil, nested: { deep: [evil] } },
        set: { ...set, labels: { ...set.labels!, classes: [evil, 'other'] } },
        skipped: new Map([[`/photos/${evil}.jpg`, evil]]),
      }),
    )
    const { elements, words } = parse(text)
    expect(elements.filter(({ name, attributes }) => name === 'img' && attributes['src'] === 'x')).toEqual([])
    expect(text).not.toContain('<img src=x')
    expect(words.split('&lt;img src=x onerror=').length - 1).toBeGreaterThanOrEqual(6)
  })

  test('without masks leaves out what needs them', async () => {
    const text = await renderReport(someReport({ set: { ...someSet(), labels: undefined } }))
    const { elements, words } = parse(text)
    expect(elements.filter(({ name }) => name === 'img')).toHaveLength(8 * 3)
    const reason = /kNN mIoU, Linear mIoU\s*Not measured: there are no masks\./
    expect(words).toMatch(reason)
    expect(words.replace(reason, '')).not.toMatch(/mIoU|Mask|Segment/i)
    expect(words).toContain('View correspondence')
  })

  test('says so where the images it measures are those of the training', async () => {
    const trained = parse(await renderReport(someReport({ set: { ...someSet(), trainedOn: true } }))).words
    expect(trained).toContain('measured on 10 training images')
    expect(trained).not.toMatch(/held-out/i)
    expect(parse(await renderReport(someReport())).words).toContain('measured on 10 held-out images')
  })

  test('says when and on what the run was made, and how to go on in Python', async () => {
    const text = await renderReport(someReport())
    const { elements, words } = parse(text)
    expect(words).toContain('2026-03-01 14:05 UTC')
    for (const fact of [
      'small.pt: TorchScript, 0.3 M parameters',
      'photos: 1,200 trained on, 10 held out',
      '40 steps, 2.5 epochs',
      '1:05 in all',
      'Some &lt;CPU&gt;, 4 cores, 2 threads of libtorch',
      '8 GiB',
      'pixelcl 0.1.0, libtorch 2.13.0, Node 22.12.0',
    ])
      expect(words).toContain(fact)
    expect(text).toContain('<pre><code>import torch\nmodel = torch.jit.load(&#39;a&lt;b.pt&#39;)</code></pre>')
    const opened = elements.filter(({ name }) => name === 'details').map(({ attributes }) => 'open' in attributes)
    // The lines for torch are open; the classes, the state dict and the options are not.
    expect(opened).toEqual([false, true, false, false])
    expect(words).toContain('Learning rate')
  })

  test('prints in black on white, with everything open', async () => {
    const print = /@media print \{(.*)\}/s.exec(await renderReport(someReport()))![1]!
    expect(print).toMatch(/--ground: #fff;.*--ink: #000;/s)
    expect(print).toMatch(/details::details-content \{ content-visibility: visible;/)
  })

  test('tells which files were skipped, and what the run was given', async () => {
    const plain = someReport()
    const facts = { ...plain.facts, images: { ...plain.facts.images, skipped: 2 } }
    const { words } = parse(await renderReport({ ...plain, facts, skipped: new Map([['a.jpg', 'is truncated'], ['b.jpg', 'is empty']]) })) // prettier-ignore
    expect(words).toContain('1,200 trained on, 10 held out, 2 files skipped')
    expect(words).toMatch(/2 files skipped\s*File\s*Why/)
    expect(words).toMatch(/a\.jpg\s*is truncated/)
    expect(words).toMatch(/backbone\s*small\.pt/)
    expect(words).not.toContain('overwrite')
    expect(parse(await renderReport(plain)).words).not.toContain('skipped')
  })

  test('is the same for the same run, and leaves the generator as it was', async () => {
    const report = someReport()
    torch.manualSeed(9)
    const first = await renderReport(report)
    const after = torch.rand([2])
    torch.manualSeed(9)
    expect(torch.rand([2])).toEqualTensor(after)
    torch.manualSeed(10)
    expect(await renderReport(report)).toBe(first)
  })

  test.each([0, 1, 2])('holds together after %i steps', async (count) => {
    const { words } = parse(await renderReport(someReport({ metrics: someMetrics(count) })))
    expect(words).not.toMatch(/NaN|Infinity|undefined/)
    expect(words).toContain(count === 0 ? 'No step was taken' : 'Positive pairs')
  })

  test("draws feature maps, masks and segmentations in the image's shape, whatever the map's sides were rounded to", async () => {
    const images = torch.rand([10, 3, 33, 66])
    const masks = torch.randint(2, [10, 33, 66])
    const labels = { ...someSet().labels!, masks, bank: { images, masks } }
    const text = await renderReport(someReport({ set: { ...someSet(), images, statistics: images, labels } }))
    const { elements, words } = parse(text)
    expect(words).toContain('9 × 17 feature pixels for an image of 33 × 66')
    const pictures = elements.find(({ attributes }) => attributes['class'] === 'pictures')
    expect(pictures?.attributes['style']).toBe('--columns:6;--shape:66 / 33')
    expect(text).toMatch(/\.row img \{[^}]*width: 100%; height: auto; aspect-ratio: var\(--shape\);/)
  })

  test('holds together for images that are not square, and few of them', async () => {
    torch.manualSeed(1)
    const images = torch.rand([2, 3, 24, 40])
    const set = { ...someSet(), images, statistics: images, labels: undefined }
    const { elements } = parse(await renderReport(someReport({ set })))
    expect(elements.filter(({ name }) => name === 'img')).toHaveLength(2 * 3)
  })
})
