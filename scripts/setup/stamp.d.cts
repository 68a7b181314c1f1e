type Env = Readonly<Record<string, string | undefined>>

/** A place where a libtorch was searched, and the result. */
export interface Place {
  readonly place: string
  readonly reason: string
}

export interface Libtorch {
  /** The folder with its include/ and lib/. */
  readonly path: string
  readonly version: string
  /** PyTorch's commit; empty if unknown. */
  readonly commit: string
  readonly cuda: boolean
  /** Its `_GLIBCXX_USE_CXX11_ABI`. */
  readonly abi: number
  /** 'LIBTORCH', 'cache', or the path of the Python that it belongs to. */
  readonly source: string
}

/** The record of a finished set-up, written by compile.mjs and read by importers. */
export interface Stamp {
  readonly addon: string
  readonly libtorch: Libtorch
  readonly compiler: string
  readonly cmake: string
  /** CXX, CXXFLAGS and LDFLAGS at the time of the set-up. */
  readonly flags: string
  readonly tried: readonly Place[]
  readonly setupAt: string
}

/** The package's folder. */
export const packageRoot: string

/** Whether the package's files lie where they were installed; in a bundle they do not. */
export function isInstalled(): boolean

/** `PIXELCL_CACHE`, else `pixelcl` in `XDG_CACHE_HOME`, else `~/.cache/pixelcl`. */
export function cacheFolder(env?: Env): string

/** A hash of a list of parts, in sixteen hexadecimal digits. */
export function hash(...parts: readonly (string | Buffer)[]): string

/** A hash of the shim's sources, CMakeLists.txt and the package's version, which identifies the shim. */
export function sourceHash(root?: string): string

/** The path of the stamp, which tells importers the compiled shim of these sources. */
export function stampPath(root?: string, env?: Env): string

/** The parsed file, or null if it is missing or not JSON. */
export function readJson(path: string): unknown

/** The stamp of these sources, or null before the set-up. */
export function readStamp(root?: string, env?: Env): Stamp | null
