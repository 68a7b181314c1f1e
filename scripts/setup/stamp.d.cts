type Env = Readonly<Record<string, string | undefined>>

/** One place where a libtorch was looked for, and what was found there. */
export interface Place {
  readonly place: string
  readonly reason: string
}

export interface Libtorch {
  /** The folder with its include/ and lib/. */
  readonly path: string
  readonly version: string
  /** PyTorch's commit; empty where the build does not say it. */
  readonly commit: string
  readonly cuda: boolean
  /** Its `_GLIBCXX_USE_CXX11_ABI`. */
  readonly abi: number
  /** 'LIBTORCH', 'cache', or the Python it belongs to. */
  readonly source: string
}

/** What the set-up leaves for importers (compile.mjs writes it). */
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

/** The package's own folder. */
export const packageRoot: string

/** `PIXELCL_CACHE`, else `pixelcl` in `XDG_CACHE_HOME`, else `~/.cache/pixelcl`. */
export function cacheFolder(env?: Env): string

/** Sixteen hexadecimal digits that tell apart any two lists of parts. */
export function hash(...parts: readonly (string | Buffer)[]): string

/** A hash of the shim's sources, CMakeLists.txt and the package's version: a compiled shim belongs to exactly these. */
export function sourceHash(root?: string): string

/** The file that says which compiled shim belongs to these sources; importing the package reads nothing else. */
export function stampPath(root?: string, env?: Env): string

/** The parsed file, or null where it is missing or no JSON. */
export function readJson(path: string): unknown

/** The stamp of these sources, or null before the set-up. */
export function readStamp(root?: string, env?: Env): Stamp | null
