import { INSTALLED_VERSION } from '../../scripts/setup/versions.cjs'
import type { Binding } from './binding'

/** Matches libtorch's messages for missing CUDA, but not a list of backends that contains CUDA. */
const MISSING =
  /arguments from the 'CUDA' backend|not linked with support for cuda|Cannot initialize CUDA|not compiled with CUDA|CUDA driver|NVIDIA driver|No CUDA GPUs|no CUDA-capable device|accelerator device when none/i

/** Whether libtorch failed because CUDA is missing. */
export function isMissingCuda(message: string): boolean {
  return MISSING.test(message)
}

/** The message for missing CUDA: which libtorch is loaded, and how to get one with CUDA. */
export function cudaAdvice(binding: Binding): string {
  const { version, loadedFrom, cudaBuilt } = binding.buildInfo()
  const why = cudaBuilt ? 'it has CUDA, but no NVIDIA driver or device is seen' : 'it is a CPU build, not compiled with CUDA'
  return (
    `CUDA is not available: libtorch ${version} is loaded from ${loadedFrom}, and ${why}.\n` +
    `To get one: install the NVIDIA driver and run \`npx pixelcl setup --force\`, or \`pip install torch==${INSTALLED_VERSION}\` (a CUDA build) for a python3 on the path and \`LIBTORCH_USE_PYTORCH=1 npx pixelcl setup\`; \`LIBTORCH\` names the folder of another. \`npx pixelcl doctor\` shows what is there.`
  )
}
