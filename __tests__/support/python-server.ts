import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../../src/native/load'

/** The environment variable with the socket of the Python from which test files fork theirs. */
export const PYTHON_SOCKET = 'PIXELCL_TEST_PYTHON'

/**
 * Starts Python before all tests; it listens at once and imports torch meanwhile, and it ends with jest, which closes its input.
 *
 * Without the set-up's Python nothing happens: each test that needs it says what to do.
 */
export default async function startPython(): Promise<void> {
  const path = join(cacheFolder(), 'python', 'bin', 'python')
  if (!existsSync(path)) return
  const socket = join(mkdtempSync(join(tmpdir(), 'pixelcl-python-')), 'socket')
  const server = spawn(path, ['-u', join(__dirname, 'server.py'), socket], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' },
  })
  process.env[PYTHON_SOCKET] = socket
  await Promise.race([once(server.stdout, 'data'), once(server, 'close')])
  for (const handle of [server, server.stdin as Socket, server.stdout as Socket]) handle.unref()
}
