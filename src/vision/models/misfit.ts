import type { nn } from '../../torch'
import { architectureOf, buildResNet, type Architecture, type ResNet } from './resnet'

/** Maximum number of names per kind in an error. */
const LISTED = 5

/** Why a state dict does not fit a ResNet: it is another one's, tells other classes apart, or its tensors differ. */
export type Misfit =
  | { readonly kind: 'architecture'; readonly arch: Architecture }
  | { readonly kind: 'classes'; readonly classes: number }
  | { readonly kind: 'tensors'; readonly differences: string }

/** Number of classes of a ResNet's state dict; 1000, torchvision's default, if it has no classifier. */
export function classesIn(state: Readonly<nn.StateDict>): number {
  return state['fc.weight']?.shape[0] ?? 1000
}

export function hasClassifier(state: Readonly<nn.StateDict>): boolean {
  return Object.keys(state).some((name) => name.startsWith('fc.'))
}

/** Why a state does not fit; null if it fits, with or without a classifier. */
export function misfitOf(net: ResNet, arch: Architecture, numClasses: number, state: Readonly<nn.StateDict>): Misfit | null {
  const fitting = architectureOf(state)
  if (fitting !== null && fitting !== arch) return { kind: 'architecture', arch: fitting }
  const { missingKeys: missing, unexpectedKeys, mismatches } = net.compareState(state)
  const missingKeys = hasClassifier(state) ? missing : missing.filter((key) => !key.startsWith('fc.'))
  const classes = state['fc.weight']?.shape[0]
  if (missingKeys.length + unexpectedKeys.length === 0 && mismatches.every(({ key }) => key.startsWith('fc.')))
    return mismatches.length === 0 ? null : { kind: 'classes', classes: classes ?? numClasses }
  const lists = [
    listed('missing', missingKeys),
    listed('unexpected', unexpectedKeys),
    listed('other shapes', mismatches.map(describeMismatch)),
  ]
  return { kind: 'tensors', differences: lists.join('') }
}

/** How the tensors of a state dict differ from those of an architecture, one line a kind. */
export function differencesFrom(arch: Architecture, state: Readonly<nn.StateDict>): string {
  const classes = classesIn(state)
  const misfit = misfitOf(buildResNet(arch, classes), arch, classes, state)
  return misfit?.kind === 'tensors' ? misfit.differences : ''
}

function describeMismatch({ key, given, expected }: nn.ShapeMismatch): string {
  return `${key} ([${given.join(', ')}] in place of [${expected.join(', ')}])`
}

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return ''
  return `\n  ${what}: ${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`
}
