import { ArgumentError, isTensor, type nn, type Tensor } from '../../torch'
import { holdersIn, type Holder } from '../../torch/internal'
import { differencesFrom } from './misfit'
import { architectureOf, nearestArchitecture, type Architecture } from './resnet'

/** A ResNet that was found in a file, under torchvision's names. */
export interface FoundResNet {
  readonly arch: Architecture
  readonly state: nn.StateDict
}

/** A part of a file that has most blocks of a ResNet, under torchvision's names. */
export interface NearResNet extends FoundResNet {
  /** Keys of dicts and parts of names, joined by dots; empty at the top of the file. */
  readonly place: string
}

export interface WantedResNet {
  /** Only this architecture, if one fits. */
  readonly arch?: Architecture | undefined
  /** Its path in the file: keys of dicts and parts of names, joined by dots. A part of the path is enough if only one ResNet has it. */
  readonly prefix?: string | null | undefined
}

type Say = (message: string) => void

/** How a library names the tensors of a ResNet; models/subtree.py has the same. */
interface Naming {
  /** The names of two tensors that every ResNet has, each in a block of its own: one whose first block is missing is still found. */
  readonly anchors: readonly [string, string]
  /** torchvision's name; null for what is no part of a ResNet. */
  readonly translate: (name: string) => string | null
  /** What is said of the names; null for torchvision's own. */
  readonly about: string | null
}

/** What no ResNet has is among them, too, such as `conv2` of another stem: such a network is refused, not cut to fit. */
const OWN = /^(conv|bn|layer)\d+\.|^fc\.(weight|bias)$/

function byRules(...rules: readonly (readonly [RegExp, (groups: readonly string[]) => string])[]): Naming['translate'] {
  return (name) => {
    for (const [pattern, write] of rules) {
      const match = pattern.exec(name)
      if (match !== null) return write(match.slice(1))
    }
    return null
  }
}

const NAMINGS: readonly Naming[] = [
  { anchors: ['layer1.0.conv1.weight', 'layer1.1.conv1.weight'], translate: (name) => (OWN.test(name) ? name : null), about: null },
  {
    anchors: ['4.0.conv1.weight', '4.1.conv1.weight'],
    translate: byRules(
      [/^0\.(\w+)$/, ([rest]) => `conv1.${rest}`],
      [/^1\.(\w+)$/, ([rest]) => `bn1.${rest}`],
      [/^([4-7])\.(.+)$/, ([position, rest]) => `layer${Number(position) - 3}.${rest}`],
    ),
    about: 'its names are positions in a Sequential: 0, 1 and 4 to 7 are read as conv1, bn1 and layer1 to layer4',
  },
  {
    anchors: ['res2.0.conv1.weight', 'res2.1.conv1.weight'],
    translate: byRules(
      [/^stem\.conv1\.norm\.(\w+)$/, ([rest]) => `bn1.${rest}`],
      [/^stem\.conv1\.(\w+)$/, ([rest]) => `conv1.${rest}`],
      [
        /^res([2-5])\.(\d+)\.conv(\d)\.norm\.(\w+)$/,
        ([stage, block, conv, rest]) => `layer${Number(stage) - 1}.${block}.bn${conv}.${rest}`,
      ],
      [/^res([2-5])\.(\d+)\.shortcut\.norm\.(\w+)$/, ([stage, block, rest]) => `layer${Number(stage) - 1}.${block}.downsample.1.${rest}`],
      [/^res([2-5])\.(\d+)\.shortcut\.(\w+)$/, ([stage, block, rest]) => `layer${Number(stage) - 1}.${block}.downsample.0.${rest}`],
      [/^res([2-5])\.(\d+)\.(.+)$/, ([stage, block, rest]) => `layer${Number(stage) - 1}.${block}.${rest}`],
    ),
    about:
      "its names are detectron2's; weights that were trained with STRIDE_IN_1X1 or on BGR images, as those from MSRA, give other features here",
  },
  {
    anchors: ['encoder.stages.0.layers.0.layer.0.convolution.weight', 'encoder.stages.0.layers.1.layer.0.convolution.weight'],
    translate: byRules(
      [/^embedder\.embedder\.convolution\.(\w+)$/, ([rest]) => `conv1.${rest}`],
      [/^embedder\.embedder\.normalization\.(\w+)$/, ([rest]) => `bn1.${rest}`],
      [
        /^encoder\.stages\.([0-3])\.layers\.(\d+)\.layer\.(\d)\.(convolution|normalization)\.(\w+)$/,
        ([stage, block, layer, kind, rest]) =>
          `layer${Number(stage) + 1}.${block}.${kind === 'convolution' ? 'conv' : 'bn'}${Number(layer) + 1}.${rest}`,
      ],
      [
        /^encoder\.stages\.([0-3])\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(\w+)$/,
        ([stage, block, kind, rest]) => `layer${Number(stage) + 1}.${block}.downsample.${kind === 'convolution' ? 0 : 1}.${rest}`,
      ],
    ),
    about: 'its names are those of Hugging Face transformers',
  },
]

/** Wrappers whose prefix says nothing of what is in them. */
const WRAPPERS = ['module', '_orig_mod']
/** Parts of names, split at `_`, that say that a network is the moving average of another: MoCo, PixPro, BYOL, solo-learn, lightly, timm. */
const AVERAGES = ['k', 'key', 'momentum', 'target', 'ema']
/** MoCo's encoders end in a projection, which its authors leave out, too. */
const PROJECTING = /^encoder_[qk]$/
/** Maximum number of places that are looked at: more than any trainer has networks. */
const MOST_CANDIDATES = 64
/** Maximum number of names in a message. */
const LISTED = 5

/** A part of a file that is a ResNet. */
interface Candidate extends FoundResNet {
  readonly holder: Holder
  readonly trail: readonly string[]
  /** The parts of the prefix of its names. */
  readonly parts: readonly string[]
  readonly naming: Naming
  /** What is left out of the same dict, shortened to where it departs from the ResNet. */
  readonly leftOut: readonly string[]
}

/**
 * The ResNet in the content of a file: at the top, or the one part that is one, such as the encoder of a self-supervised learner.
 *
 * If there are several: equal ones count once, the original is preferred to its moving average and the teacher to its student, and `say` reports it.
 *
 * @returns null if there is none; one of another architecture if there is none of the wanted one.
 * @throws ArgumentError that lists them if several fit, or none fits the prefix.
 */
export function resNetIn(content: unknown, source: string, { arch, prefix }: WantedResNet, say: Say): FoundResNet | null {
  const all = candidatesIn(content, architectureOf)
  const asked = prefix == null ? all : at(prefix, all)
  if (prefix != null && asked.length === 0) {
    const near = nearestIn(content, { prefix })
    const found = all.length === 0 ? 'none at all' : listed(all)
    throw new ArgumentError(
      near === null
        ? `${source} has no ResNet under the prefix '${prefix}': it has ${found}`
        : `${source} has no whole ResNet under the prefix '${prefix}', but nearly a ${near.arch}:${differencesFrom(near.arch, near.state)}`,
    )
  }
  const fitting = arch === undefined ? asked : asked.filter((candidate) => candidate.arch === arch)
  if (fitting.length === 0) return asked[0] ?? null
  const distinct = withoutCopies(fitting)
  const chosen = distinct.length === 1 ? distinct[0]! : original(distinct)
  if (chosen === null) throw new ArgumentError(`${source} has several ResNets, ${listed(distinct)}: choose one by the option prefix`)
  tell(chosen, distinct, source, say)
  return chosen
}

/**
 * The part of a file that is nearly a ResNet, in a file where none is whole.
 *
 * @returns null if no part has half the blocks of one.
 */
export function nearestIn(content: unknown, { arch, prefix }: WantedResNet): NearResNet | null {
  const all = candidatesIn(content, nearestArchitecture)
  const asked = prefix == null ? all : at(prefix, all)
  const nearest = asked.find((candidate) => candidate.arch === arch) ?? asked[0]
  return nearest === undefined ? null : { arch: nearest.arch, state: nearest.state, place: placeOf(nearest) }
}

type Recognise = (state: nn.StateDict) => Architecture | null

function candidatesIn(content: unknown, recognise: Recognise): Candidate[] {
  const found: Candidate[] = []
  let looked = 0
  for (const holder of holdersIn(content)) {
    const names = Object.keys(holder.entries).filter((name) => isTensor(holder.entries[name]))
    for (const naming of NAMINGS) {
      for (const root of rootsIn(names, naming)) {
        const candidate = candidateAt(holder, names, root, naming, recognise)
        if (candidate !== null) found.push(candidate)
        if (++looked === MOST_CANDIDATES) return found
      }
    }
  }
  return found
}

/** What stands before the names of a ResNet. */
function rootsIn(names: readonly string[], { anchors }: Naming): ReadonlySet<string> {
  const roots = new Set<string>()
  for (const name of names)
    for (const anchor of anchors) if (name === anchor || name.endsWith(`.${anchor}`)) roots.add(name.slice(0, -anchor.length))
  return roots
}

function candidateAt(holder: Holder, names: readonly string[], root: string, naming: Naming, recognise: Recognise): Candidate | null {
  const parts = root.split('.').slice(0, -1)
  const state: Record<string, Tensor> = {}
  const left = new Set<string>()
  for (const name of names) {
    const own = name.startsWith(root) ? naming.translate(name.slice(root.length)) : null
    if (own === null) left.add(departure(name, parts))
    else state[own] = holder.entries[name] as Tensor
  }
  const arch = recognise(state)
  if (arch === null) return null
  const hasClassifier = 'fc.weight' in state && 'fc.bias' in state && !PROJECTING.test(parts.at(-1) ?? '')
  for (const key of ['fc.weight', 'fc.bias']) {
    if (hasClassifier || !(key in state)) continue
    Reflect.deleteProperty(state, key)
    left.add(departure(`${root}${key}`, parts))
  }
  left.delete('n_averaged')
  return { arch, state, holder, trail: holder.trail(), parts, naming, leftOut: [...left] }
}

/** The beginning of a name up to its first part that is not the ResNet's. */
function departure(name: string, parts: readonly string[]): string {
  const own = name.split('.')
  const differs = own.findIndex((part, i) => part !== parts[i])
  return differs === -1 ? name : own.slice(0, differs + 1).join('.')
}

/** Its place in the file: keys of dicts and parts of names. */
function placeOf({ trail, parts }: Candidate): string {
  return [...trail, ...parts].join('.')
}

/** The candidates at a place, else those whose place ends in it, else those whose place contains it. */
function at(prefix: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const wanted = prefix.replace(/\.+$/, '')
  const tiers: readonly ((place: string) => boolean)[] = [
    (place) => place === wanted,
    (place) => place.endsWith(`.${wanted}`),
    (place) => `.${place}.`.includes(`.${wanted}.`),
  ]
  for (const tier of tiers) {
    const found = candidates.filter((candidate) => tier(placeOf(candidate)))
    if (found.length > 0) return found
  }
  return []
}

/** One of each set of candidates with equal tensors: trainers often keep a network under two names. */
function withoutCopies(candidates: readonly Candidate[]): Candidate[] {
  const distinct: Candidate[] = []
  for (const candidate of candidates) if (!distinct.some((other) => isEqual(candidate.state, other.state))) distinct.push(candidate)
  return distinct
}

function isEqual(one: nn.StateDict, other: nn.StateDict): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [a, b] = [one[name]!, other[name]]
      return a === b || (b !== undefined && a.dtype === b.dtype && a.shape.join() === b.shape.join() && a.equal(b))
    })
  )
}

/** The one candidate that the others were made from; null if none is, or if they are of several architectures. */
function original(candidates: readonly Candidate[]): Candidate | null {
  const hasTeacher = candidates.some((candidate) => wordsOf(candidate).includes('teacher'))
  const originals = candidates.filter((candidate) => {
    const words = wordsOf(candidate)
    return !AVERAGES.some((word) => words.includes(word)) && !(hasTeacher && words.includes('student'))
  })
  const isOne = originals.length === 1 && candidates.every(({ arch }) => arch === originals[0]!.arch)
  return isOne ? originals[0]! : null
}

function wordsOf({ trail, parts }: Candidate): string[] {
  return [...trail, ...parts].flatMap((part) => part.split('_'))
}

/** Tells in two messages at most which network is taken and how its names are read, and what is left out. */
function tell(chosen: Candidate, candidates: readonly Candidate[], source: string, say: Say): void {
  const { arch, trail, parts, naming, holder, leftOut } = chosen
  const isWrapped = parts.every((part) => WRAPPERS.includes(part))
  const taken = [
    ...(trail.length === 0 ? [] : [`its weights are taken from '${trail.join('.')}'`]),
    ...(isWrapped
      ? parts.map((part) => `the prefix '${part}.' of a wrapped model is taken off every name`)
      : [`the ${arch} under '${parts.join('.')}.' is taken`]),
    ...(naming.about === null ? [] : [naming.about]),
  ]
  if (taken.length > 0) say(`${source}${trail.length === 0 ? '' : ' is a checkpoint'}: ${taken.join('; ')}`)
  const others = Object.keys(holder.entries).filter((key) => !isTensor(holder.entries[key]))
  const left = [
    ...(leftOut.length === 0 ? [] : [`left out are ${shortened(leftOut)}`]),
    ...(others.length === 0 ? [] : [`${shortened(others)} are no tensors and left out`]),
    ...candidates.filter((other) => other !== chosen).map(departed),
  ]
  if (left.length > 0) say(`${source}: ${left.join('; ')}`)
}

/** Why another network of the file is not the one that is taken, and how to take it. */
function departed(other: Candidate): string {
  const place = placeOf(other)
  const why = wordsOf(other).includes('student') ? 'the student, and DINO is evaluated by its teacher' : 'a moving average of this one'
  return `'${place}' is a ${other.arch}, too, ${why}: the prefix '${place}' takes it`
}

function listed(candidates: readonly Candidate[]): string {
  const shown = candidates.slice(0, LISTED).map((candidate) => `'${placeOf(candidate)}' (${candidate.arch})`)
  return `${shown.join(', ')}${candidates.length > LISTED ? ` and ${candidates.length - LISTED} more` : ''}`
}

function shortened(names: readonly string[]): string {
  return `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`
}
