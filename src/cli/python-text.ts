import { Style } from '../common/terminal'
import type { PretrainResult } from '../training'

/** The lines that load a run's backbone in Python, and where those for other libraries stand. */
export function pythonText({ python, handOffs, files }: Pick<PretrainResult, 'python' | 'handOffs' | 'files'>): string {
  const { bold, cyan } = new Style()
  const others = [...new Set(handOffs.slice(1).map(({ title }) => title))].join(', ')
  return [
    `${bold(python[0].includes('torchvision') ? 'In Python, with torchvision:' : 'In Python:')}\n${python.map((line) => `  ${cyan(line)}\n`).join('')}`,
    others === '' ? '' : `\n${bold('For other uses')}, see ${files.report}:\n  ${others}\n`,
  ].join('')
}
