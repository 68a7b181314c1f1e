import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { ArgumentError, PixelclError } from '../../torch'
import { suggestion } from '../../common/suggestions'
import { cacheFolder, fileNameOf, urlOf } from './catalog'
import { hashOf, openPartial, restart, type Partial } from './partial'
import { progressLine } from './progress-line'
import type { Architecture } from './resnet'

/** A download failed: offline, refused, incomplete, or with a wrong checksum. */
export class DownloadError extends PixelclError {
  constructor(message: string, options?: ErrorOptions) {
    super('DOWNLOAD', message, options)
  }
}

/** Receives the number of bytes so far and in total; the total is null if the server does not send it. */
export type DownloadProgress = (received: number, total: number | null) => void

export interface DownloadOptions {
  /** Receives the progress; true (the default) prints it to standard error, false prints nothing. */
  progress?: boolean | DownloadProgress
  /** The cache folder; default: torch hub's, so that Python finds the file, too. */
  folder?: string
  /** Milliseconds without data after which the connection is considered broken; default 60,000. */
  timeout?: number
  /** Cancels the download. */
  signal?: AbortSignal
}

const OPTIONS = ['progress', 'folder', 'timeout', 'signal', 'mirror']
/** Maximum number of connections per download; each resumes where the last one broke. */
const ATTEMPTS = 4

/**
 * Downloads torchvision's weights of an architecture into torch hub's folder, unless they are there, and returns the file's path.
 *
 * The SHA-256 must begin with the digits in the file's name. A broken download resumes, also one of a process that was ended, such as by Ctrl-C; the
 * file appears under its name only when complete.
 *
 * @param weights - `'IMAGENET1K_V1'`, `'IMAGENET1K_V2'` or `'DEFAULT'`, the best.
 * @param options - The options of `downloadFile`, and `mirror`: the URL of a folder with the same files; default: `PIXELCL_WEIGHTS_MIRROR` of the
 *   environment, else PyTorch's server.
 * @throws DownloadError offline, for an HTTP error, and for a wrong checksum; the file is then deleted.
 * @see https://docs.pytorch.org/vision/stable/models.html
 */
export async function download(
  arch: Architecture,
  weights = 'DEFAULT',
  options: DownloadOptions & { mirror?: string } = {},
): Promise<string> {
  const { mirror = process.env['PIXELCL_WEIGHTS_MIRROR'] || undefined, ...rest } = options
  return downloadFile(urlOf(arch, weights, mirror), rest)
}

/**
 * Downloads a file of weights into torch hub's folder, unless it is there, and returns its path.
 *
 * The SHA-256 is checked if the file name contains its first digits, as in `encoder-0676ba61.pth`.
 *
 * @throws DownloadError like `download`.
 */
export async function downloadFile(url: string, options: DownloadOptions = {}): Promise<string> {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) throw new ArgumentError(`download(): unknown option '${key}'${suggestion(key, OPTIONS)}`)
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ArgumentError(`expected an http(s) address but received '${url}'`)
  const folder = options.folder ?? cacheFolder()
  const path = join(folder, fileNameOf(url))
  const promised = /-([0-9a-f]{8,64})\.[^.]+$/.exec(path)?.[1] ?? null
  if (await isCached(path, promised)) return path
  let partial: Partial | null = null
  try {
    await mkdir(folder, { recursive: true })
    partial = await openPartial(path, promised !== null)
    const isRight = (digest: string) => promised === null || digest.startsWith(promised)
    let digest = await fetchInto(partial, url, path, isRight, options)
    if (!isRight(digest) && partial.kept > 0) {
      // What was kept may be of another file, or of a server that sent a page in its place.
      await restart(partial)
      digest = await fetchInto(partial, url, path, isRight, options)
    }
    if (!isRight(digest)) {
      throw new DownloadError(
        `what ${url} sent is damaged or another file: its SHA-256 should begin with ${promised!} but is ${digest}. It is deleted; try again, or fetch it from elsewhere to ${path}`,
      )
    }
    await rename(partial.path, path)
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (error instanceof PixelclError || options.signal?.aborted === true || code === undefined || syscall === undefined) throw error
    throw new DownloadError(`cannot keep ${fileNameOf(url)} in ${folder}: ${code === 'ENOSPC' ? 'the disk is full' : message}`, {
      cause: error,
    })
  } finally {
    if (partial !== null) await discard(partial)
  }
  return path
}

/** Closes and removes an unfinished file, unless it holds what an earlier download received and nothing was added. */
async function discard({ path, file, kept, bytes }: Partial): Promise<void> {
  await file.close()
  if (kept === 0 || bytes !== kept) await rm(path, { force: true }).catch(() => {})
}

/** Whether the file is cached; a file with a wrong checksum is deleted. */
async function isCached(path: string, promised: string | null): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  if (found === null) return false
  if (!found.isFile()) throw new DownloadError(`${path} is no regular file: remove it, or give another folder`)
  if (promised === null) return true
  const digest = (await hashOf(path)).digest('hex')
  if (digest.startsWith(promised)) return true
  process.emitWarning(`${path} is damaged (its SHA-256 should begin with ${promised} but is ${digest}): it is deleted and fetched anew`, {
    code: 'PIXELCL_DOWNLOAD',
  })
  await rm(path)
  return false
}

/** Receives the rest of a file and returns its SHA-256. */
async function fetchInto(
  partial: Partial,
  url: string,
  path: string,
  isRight: (digest: string) => boolean,
  options: DownloadOptions,
): Promise<string> {
  // The process may have been ended between the last byte and the file's name.
  const digest = partial.hash.copy().digest('hex')
  if (partial.bytes > 0 && isRight(digest)) return digest
  const { progress = true } = options
  const line = progress === true ? progressLine(url, path, partial.bytes) : null
  const tell: DownloadProgress = typeof progress === 'function' ? progress : (line?.tell ?? (() => {}))
  try {
    for (let attempt = 1; ; attempt++) {
      const broken = await receive(url, path, partial, tell, options)
      if (broken === null) return partial.hash.copy().digest('hex')
      if (attempt === ATTEMPTS) {
        const size = partial.total === null ? '' : ` of ${partial.total}`
        throw new DownloadError(
          `the download of ${url} broke off after ${partial.bytes}${size} bytes, ${ATTEMPTS} times (${broken}): try again later. ${byHand(url, path)}`,
        )
      }
      await sleep(200 * attempt, undefined, options.signal === undefined ? {} : { signal: options.signal })
    }
  } finally {
    line?.end()
  }
}

/** Reads one response to its end; returns null if the file is complete, else why the connection broke. */
async function receive(
  url: string,
  path: string,
  partial: Partial,
  tell: DownloadProgress,
  options: DownloadOptions,
): Promise<string | null> {
  const stalled = new AbortController()
  const timeout = options.timeout ?? 60_000
  const timer = setTimeout(() => stalled.abort(), timeout)
  const signal = options.signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, options.signal])
  const reasonOf = (error: unknown) => {
    options.signal?.throwIfAborted()
    return stalled.signal.aborted ? `nothing came for ${timeout / 1000} s` : causeOf(error)
  }
  try {
    let response: Response
    try {
      response = await fetch(url, { headers: headersFor(partial), signal })
    } catch (error) {
      const reason = reasonOf(error)
      if (partial.bytes > partial.kept || /ECONNRESET|EPIPE|other side closed/.test(reason)) return reason
      throw new DownloadError(`cannot reach ${new URL(url).host} (${reason}): is this machine online?${proxyHint()} ${byHand(url, path)}`, {
        cause: error,
      })
    }
    if (response.status === 416 && partial.bytes > 0) {
      await response.body?.cancel()
      await restart(partial)
      return 'the server has less of the file'
    }
    if (response.body === null || !response.ok) {
      await response.body?.cancel()
      throw new DownloadError(
        `${url} answered ${response.status} ${response.statusText}: ${response.status === 404 ? 'there is no such file' : 'try again later'}. ${byHand(url, path)}`,
      )
    }
    await begin(partial, response)
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        timer.refresh()
        await partial.file.appendFile(chunk)
        partial.hash.update(chunk)
        partial.bytes += chunk.length
        tell(partial.bytes, partial.total)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === 'write') throw error
      return reasonOf(error)
    }
    return partial.total === null || partial.bytes === partial.total ? null : 'the connection was closed'
  } finally {
    clearTimeout(timer)
  }
}

function headersFor({ bytes, etag }: Partial): Record<string, string> {
  // Without compression, because compressed bytes would not tell the position in the file.
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'pixelcl' }
  if (bytes === 0) return headers
  return { ...headers, range: `bytes=${bytes}-`, ...(etag === null ? {} : { 'if-range': etag }) }
}

/** Resumes where the last response broke off, or restarts if the server sends the whole file. */
async function begin(partial: Partial, response: Response): Promise<void> {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]
  if (response.status !== 206 || Number(start) !== partial.bytes) {
    if (response.status === 206)
      throw new DownloadError(`${response.url} sent another part of the file than was asked for: try again later`)
    await restart(partial)
  }
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length')
  partial.total = length === null ? null : partial.bytes + Number(length)
  const etag = response.headers.get('etag')
  partial.etag = etag?.startsWith('W/') === true ? null : etag
}

/** A hint for users of a proxy, which Node's fetch ignores by default. */
function proxyHint(): string {
  const { env } = process
  const proxy = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => env[name])
  if (proxy === undefined || env['NODE_USE_ENV_PROXY']) return ''
  return ` ${proxy} is set, but Node uses it only with NODE_USE_ENV_PROXY=1, from version 24 on.`
}

function byHand(url: string, path: string): string {
  return `To fetch it by other means: curl -L --create-dirs -o '${path}' '${url}'`
}

/** The innermost cause of an error of fetch, whose own message says only that it failed. */
function causeOf(error: unknown): string {
  const { cause, code, message } = error as Error & { code?: string }
  if (types.isNativeError(cause)) return causeOf(cause)
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`
}
