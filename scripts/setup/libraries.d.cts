/** Where libtorch keeps a library: 'torch_cpu' gives `FOLDER/lib/libtorch_cpu.so`. */
export function libraryPath(folder: string, name: string): string

/** Says which of the libraries that the shim is linked to is missing or damaged, or null. Only headers are read. */
export function libtorchDamage(libtorch: { readonly path: string; readonly cuda: boolean }): string | null

/** Says how an ELF library is damaged ('is truncated: …'), or null. One shorter than its segments kills the process in dlopen. */
export function elfDamage(path: string): string | null
