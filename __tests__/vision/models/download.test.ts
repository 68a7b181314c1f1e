import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { models } from '../../../src/vision'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { restoreVariables, setVariables } from '../../support/variables'

const body = randomBytes(3_000_000)
const digest = createHash('sha256').update(body).digest('hex')
const name = `encoder-${digest.slice(0, 8)}.pth`
const quiet = { progress: false } as const

let server: Server
let host: string
let folder: string
let requests: IncomingMessage[]
let answer: (request: IncomingMessage, response: ServerResponse) => void

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixelcl-weights-'))
  requests = []
  answer = whole
})

afterEach(() => rmSync(folder, { recursive: true }))

const whole = (_: IncomingMessage, response: ServerResponse) => response.writeHead(200, { 'content-length': body.length }).end(body)

/** Sends the file as asked for, but hangs up after `most` bytes. */
function hangsUpAfter(most: number): typeof answer {
  return (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const head = { 'content-length': body.length - start, etag: '"one"' }
    if (start > 0) response.writeHead(206, { ...head, 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` })
    else response.writeHead(200, head)
    response.write(body.subarray(start, start + most), () => setTimeout(() => response.destroy(), 20))
  }
}

describe('downloadFile', () => {
  test('fetches a file once, in whole, and tells how far it is', async () => {
    const told: [number, number | null][] = []
    const options = {
      folder: join(folder, 'new', 'folder'),
      progress: (received: number, total: number | null) => void told.push([received, total]),
    }
    const path = await models.downloadFile(`${host}/weights/${name}?token=1`, options)
    expect(path).toBe(join(folder, 'new', 'folder', name))
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(readdirSync(options.folder)).toEqual([name])
    expect(told.length).toBeGreaterThan(1)
    expect(told.at(-1)).toEqual([body.length, body.length])
    expect(told.map(([received]) => received)).toEqual([...told.map(([received]) => received)].sort((a, b) => a - b))

    expect(await models.downloadFile(`${host}/weights/${name}`, options)).toBe(path)
    expect(requests).toHaveLength(1)
  })

  test('follows redirects, and takes an answer of unknown length', async () => {
    answer = (request, response) => {
      if (request.url === `/a/${name}`) return void response.writeHead(302, { location: '/b' }).end()
      response.write(body.subarray(0, 1000))
      response.end(body.subarray(1000))
    }
    const told: (number | null)[] = []
    const path = await models.downloadFile(`${host}/a/${name}`, { folder, progress: (_, total) => void told.push(total) })
    expect(path).toBe(join(folder, name))
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(told.at(-1)).toBeNull()
  })

  test('resumes where a connection broke', async () => {
    answer = hangsUpAfter(1_200_000)
    const path = await models.downloadFile(`${host}/${name}`, { folder, ...quiet })
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(requests.length).toBeGreaterThan(1)
    expect(requests[1]!.headers).toMatchObject({ range: expect.stringMatching(/^bytes=\d+-$/), 'if-range': '"one"' })
  })

  test('starts again where the server knows no ranges', async () => {
    let count = 0
    answer = (request, response) => (count++ === 0 ? hangsUpAfter(500_000)(request, response) : void whole(request, response))
    const path = await models.downloadFile(`${host}/${name}`, { folder, ...quiet })
    expect(readFileSync(path).equals(body)).toBe(true)
  })

  test('gives up a connection that breaks again and again, and leaves nothing behind', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': body.length })
      response.write(body.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20))
    }
    const failure = await models.downloadFile(`${host}/${name}`, { folder, ...quiet }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(models.DownloadError)
    expect((failure as Error).message).toMatch(/broke off after 1000 of 3000000 bytes, 4 times/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('deletes what has a wrong checksum, and says so', async () => {
    answer = (_, response) => response.end('<html>Please log in</html>')
    const failure = await models
      .downloadFile(`${host}/${name}`, { folder, ...quiet })
      .catch((error: unknown) => error as Error & { code: string })
    expect(failure).toMatchObject({ name: 'DownloadError', code: 'DOWNLOAD' })
    expect((failure as Error).message).toMatch(
      new RegExp(`SHA-256 should begin with ${digest.slice(0, 8)} but is [0-9a-f]{64}\\. It is deleted`),
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('replaces a damaged file in the cache, with a warning', async () => {
    writeFileSync(join(folder, name), body.subarray(0, 5000))
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const path = await models.downloadFile(`${host}/${name}`, { folder, ...quiet })
      expect(readFileSync(path).equals(body)).toBe(true)
      expect(warned.mock.calls[0]![0]).toMatch(/is damaged .* deleted and fetched anew/)
    } finally {
      warned.mockRestore()
    }
  })

  test('keeps a file whose name promises nothing', async () => {
    const path = await models.downloadFile(`${host}/my-encoder.pth`, { folder, ...quiet })
    expect(path).toBe(join(folder, 'my-encoder.pth'))
    writeFileSync(path, 'mine')
    await models.downloadFile(`${host}/my-encoder.pth`, { folder, ...quiet })
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  test('names the status of a refusal', async () => {
    answer = (_, response) => response.writeHead(404).end()
    await expect(models.downloadFile(`${host}/${name}`, { folder, ...quiet })).rejects.toThrow(
      /answered 404 Not Found: there is no such file\. To fetch it by other means: curl -L/,
    )
    answer = (_, response) => response.writeHead(503).end()
    await expect(models.downloadFile(`${host}/${name}`, { folder, ...quiet })).rejects.toThrow(
      /answered 503 Service Unavailable: try again later/,
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('offline says what cannot be reached and how to fetch the file otherwise', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const url = `http://127.0.0.1:${port}/${name}`
    setVariables({ HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '' })
    const failure = (await models.downloadFile(url, { folder, ...quiet }).catch((error: unknown) => error)) as Error
    expect(failure.message).toMatch(new RegExp(`^cannot reach 127.0.0.1:${port} \\(.*ECONNREFUSED.*\\): is this machine online\\?`))
    expect(failure.message).toContain(`curl -L --create-dirs -o '${join(folder, name)}' '${url}'`)
    setVariables({ HTTPS_PROXY: 'http://proxy:3128' })
    await expect(models.downloadFile(url, { folder, ...quiet })).rejects.toThrow(
      /HTTPS_PROXY is set, but Node uses it only with NODE_USE_ENV_PROXY=1/,
    )
    restoreVariables()
    await expect(models.downloadFile(`http://nowhere.invalid/${name}`, { folder, ...quiet })).rejects.toThrow(
      /cannot reach nowhere\.invalid \(.*(ENOTFOUND|EAI_AGAIN)/,
    )
  })

  test('does not wait for ever for a server that says nothing', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': body.length })
      response.write(body.subarray(0, 1000))
    }
    await expect(models.downloadFile(`${host}/${name}`, { folder, timeout: 1000, ...quiet })).rejects.toThrow(
      /broke off after 1000 of 3000000 bytes, 4 times \(nothing came for 1 s\)/,
    )
  })

  test('can be ended from outside', async () => {
    answer = (_, response) => void response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 1000))
    const controller = new AbortController()
    const ended = models.downloadFile(`${host}/${name}`, { folder, signal: controller.signal, progress: () => controller.abort() })
    await expect(ended).rejects.toThrow(/aborted/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('two at once do no harm to each other', async () => {
    const paths = await Promise.all([1, 2].map(() => models.downloadFile(`${host}/${name}`, { folder, ...quiet })))
    expect(paths).toEqual([join(folder, name), join(folder, name)])
    expect(readFileSync(paths[0]!).equals(body)).toBe(true)
    expect(readdirSync(folder)).toEqual([name])
  })

  test('a folder that cannot be written is named', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(models.downloadFile(`${host}/${name}`, { folder: join(folder, 'file'), ...quiet })).rejects.toThrow(
      /cannot keep encoder-.* in .*file/,
    )
    mkdirSync(join(folder, name))
    await expect(models.downloadFile(`${host}/${name}`, { folder, ...quiet })).rejects.toThrow(/is no regular file/)
  })

  test('refuses what is no address, and unknown options', async () => {
    await expect(models.downloadFile('ftp://host/file.pth')).rejects.toThrow(/expected an http\(s\) address but received 'ftp:/)
    await expect(models.downloadFile('resnet50.pth')).rejects.toThrow(/expected an http\(s\) address/)
    await expect(models.downloadFile(`${host}/`)).rejects.toThrow(/names no file/)
    await expect(models.downloadFile(`${host}/..%2fevil.pth`)).rejects.toThrow(/names no file/)
    await expect(models.downloadFile(`${host}/${name}`, { directory: folder } as never)).rejects.toThrow(/unknown option 'directory'/)
  })

  test('shows a line on standard error by default', async () => {
    const written: string[] = []
    const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => (written.push(String(text)), true))
    try {
      await models.downloadFile(`${host}/${name}`, { folder })
      expect(written.join('')).toMatch(/^downloading http:.* to .*\n[^]*3\.0 of 3\.0 MB \(100 %\)\n$/)
      written.length = 0
      await models.downloadFile(`${host}/other.pth`, { folder, progress: false })
      expect(written).toEqual([])
    } finally {
      spy.mockRestore()
    }
  })
})

describe('what a process that was ended had received', () => {
  const ended = spawnSync('true').pid
  const leave = (bytes: Uint8Array, { of = name, by = ended } = {}): string => {
    const path = join(folder, `${of}.${by}.abc.partial`)
    writeFileSync(path, bytes)
    return path
  }
  /** Sends the part of the file that is asked for. */
  const part: typeof answer = (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start === 0) return void whole(request, response)
    if (start >= body.length) return void response.writeHead(416).end()
    const head = { 'content-length': body.length - start, 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }
    response.writeHead(206, head).end(body.subarray(start))
  }
  const fetched = async (options: models.DownloadOptions = quiet): Promise<(string | undefined)[]> => {
    answer = part
    expect(readFileSync(await models.downloadFile(`${host}/${name}`, { folder, ...options })).equals(body)).toBe(true)
    expect(readdirSync(folder)).toEqual([name])
    return requests.map(({ headers }) => headers.range)
  }

  test('is continued, saying so', async () => {
    leave(body.subarray(0, 1000))
    leave(body.subarray(0, 1_200_000), { by: spawnSync('true').pid })
    const written: string[] = []
    const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => (written.push(String(text)), true))
    try {
      expect(await fetched({})).toEqual(['bytes=1200000-'])
      expect(written[0]).toMatch(/^downloading .*, of which an earlier download left 1\.2 MB\n/)
    } finally {
      spy.mockRestore()
    }
  })

  test('is taken as it is where nothing is missing', async () => {
    leave(body)
    expect(await fetched()).toEqual([])
  })

  test('is fetched anew where the checksum tells that it is of another file', async () => {
    leave(randomBytes(1000))
    expect(await fetched()).toEqual(['bytes=1000-', undefined])
  })

  test('is fetched anew where it is longer than the file', async () => {
    leave(Buffer.concat([body, body]))
    expect(await fetched()).toEqual([`bytes=${2 * body.length}-`, undefined])
  })

  test('is removed where no checksum can tell', async () => {
    leave(body.subarray(0, 1000), { of: 'my-encoder.pth' })
    await models.downloadFile(`${host}/my-encoder.pth`, { folder, ...quiet })
    expect(requests[0]!.headers.range).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['my-encoder.pth'])
  })

  test('stays for the next download where nothing comes, and where its process runs', async () => {
    const running = leave(body.subarray(0, 2000), { by: process.ppid })
    leave(body.subarray(0, 1000))
    await expect(models.downloadFile(`http://127.0.0.1:9/${name}`, { folder, ...quiet })).rejects.toThrow(/cannot reach/)
    const sizes = readdirSync(folder).map((file) => readFileSync(join(folder, file)).length)
    expect(sizes.sort()).toEqual([1000, 2000])
    rmSync(running)
  })
})

describe('download', () => {
  test("fetches torchvision's files by name from torch hub's folder, checked against the digits in their names", async () => {
    setVariables({ TORCH_HOME: folder })
    await expect(models.download('resnet50', 'IMAGENET1K_V2', { mirror: `${host}/models/`, ...quiet })).rejects.toThrow(
      /should begin with 11ad3fa6 .* deleted/,
    )
    await expect(models.download('resnet18', 'DEFAULT', { mirror: host, ...quiet })).rejects.toThrow(/should begin with f37072fd/)
    expect(requests.map(({ url }) => url)).toEqual(['/models/resnet50-11ad3fa6.pth', '/resnet18-f37072fd.pth'])
    expect(readdirSync(join(folder, 'hub', 'checkpoints'))).toEqual([])
  })

  test('an unknown name lists those that exist', async () => {
    await expect(models.download('resnet18', 'IMAGENET1K_V2')).rejects.toThrow(
      /resnet18 has no published weights 'IMAGENET1K_V2' \(did you mean 'IMAGENET1K_V1'\?\)/,
    )
    await expect(models.download('resnet50', 'imagenet21k')).rejects.toThrow(/IMAGENET1K_V1/)
    await expect(models.download('resnet51' as never)).rejects.toThrow(/unknown architecture 'resnet51' \(did you mean 'resnet50'\?\)/)
  })

  test("the folder is torch hub's, wherever it is moved to", async () => {
    const settings: Record<string, string>[] = [
      { TORCH_HOME: '/some/where' },
      { TORCH_HOME: '~/there' },
      { TORCH_HOME: '', XDG_CACHE_HOME: '/xdg' },
      { TORCH_HOME: '', XDG_CACHE_HOME: '' },
    ]
    for (const setting of settings) {
      const python = await runPython<{ folder: string }>(
        `
        import os
        saved = dict(os.environ)
        for name, value in inputs['setting'].items():
            os.environ[name] = value
            if value == '':
                del os.environ[name]
        outputs = {'folder': os.path.join(torch.hub.get_dir(), 'checkpoints')}
        os.environ.clear()
        os.environ.update(saved)
        `,
        { setting },
      )
      setVariables(setting)
      expectWith(models.cacheFolder(), JSON.stringify(setting)).toBe(python.folder)
      restoreVariables()
    }
  })

  test('every published weight has an address, and the default is the best', () => {
    for (const arch of models.architectures) {
      const { DEFAULT, ...known } = models.weightsOf(arch)
      expect(
        Object.values(known).every((url) => new RegExp(`^https://download\\.pytorch\\.org/models/${arch}-[0-9a-f]{8}\\.pth$`).test(url)),
      ).toBe(true)
      expect(DEFAULT).toBe(known['IMAGENET1K_V2'] ?? known['IMAGENET1K_V1'])
    }
  })
})
