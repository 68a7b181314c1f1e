/** The path of a library of libtorch: `FOLDER/lib/libtorch_cpu.so` for 'torch_cpu'. */
export function libraryPath(folder: string, name: string): string

/** Describes which of the libraries that the shim is linked to is missing or damaged, or null. Reads headers only. */
export function libtorchDamage(libtorch: { readonly path: string; readonly cuda: boolean }): string | null

/** Describes how an ELF library is damaged ('is truncated: …'), or null. A library shorter than its segments kills the process in dlopen. */
export function elfDamage(path: string): string | null
