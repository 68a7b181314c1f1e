import { beforeAll, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { temporary } from '../support/files'
import { skipIf } from '../support/skip'
import { backbone, images, pixelcl, tiny } from './pixelcl'

let data: string
beforeAll(async () => {
  data = await images(temporary('images'))
  mkdirSync(temporary('empty'))
  mkdirSync(temporary('damaged'))
  for (const name of ['a.png', 'b.jpg']) writeFileSync(join(temporary('damaged'), name), 'no image')
})

const out = () => temporary('run')

/** What a run that fails tells: one line or more, no stack; and it leaves no folder. */
async function failure(...flags: string[]): Promise<string> {
  const given = ['--backbone', backbone, '--data', data, '--out', out(), '--steps', '2', ...tiny, ...flags]
  const { code, stdout, stderr } = await pixelcl(['pretrain', ...given])
  expectWith({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^error: /m)
  expect(stderr).not.toMatch(/\n\s+at |unexpected failure/)
  expect(existsSync(out())).toBe(false)
  return stderr
}

describe('images', () => {
  test('a folder that is missing, empty, a file, or holds only damaged images', async () => {
    expect(await failure('--data', temporary('none'))).toContain(`the folder of images ${temporary('none')} does not exist`)
    expect(await failure('--data', temporary('empty'))).toContain(
      'holds no images: expected files ending in .avif, .bmp, .gif, .jpeg, .jpg',
    )
    expect(await failure('--data', backbone)).toContain('expected a folder of images but')
    expect(await failure('--data', temporary('damaged'))).toContain('none of the 2 image files in')
  })
})

describe('the output', () => {
  test('a file, a path through a file, a place where nothing can be written', async () => {
    expect(await failure('--out', backbone)).toContain('is a file: name a folder that is new or empty with --out')
    expect(await failure('--out', join(backbone, 'run'))).toContain(
      `${backbone} is a file, no folder. Name a folder that you may write to with --out`,
    )
    expect(await failure('--out', '/proc/pixelcl/run')).toMatch(
      /cannot write \/proc\/pixelcl\/run: .*Name a folder that you may write to with --out/,
    )
  })

  skipIf(process.getuid?.() === 0, 'root may write everywhere').test('a folder without permission', async () => {
    mkdirSync(temporary('locked'), { mode: 0o500 })
    expect(await failure('--out', join(temporary('locked'), 'run'))).toContain(
      'permission denied. Name a folder that you may write to with --out',
    )
  })

  test('the folder of the backbone itself is not overwritten', async () => {
    const folder = temporary('own')
    mkdirSync(folder)
    const file = join(folder, 'improved-resnet.pt')
    copyFileSync(backbone, file)
    expect(await failure('--backbone', file, '--out', folder, '--overwrite')).toContain('is a file of the run that --overwrite replaces')
    expect(readFileSync(file).equals(readFileSync(backbone))).toBe(true)
  })
})

/** Whether this machine lets a process mount a file system of its own. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe('a disk that is full', () => {
  const small = temporary('small')
  const onDisk = async (size: string, ...flags: string[]) => {
    mkdirSync(small, { recursive: true })
    const args = ['pretrain', '--backbone', backbone, '--data', data, '--out', join(small, 'run'), '--steps', '2', ...tiny, ...flags]
    return pixelcl(args, {
      shell: `[ -n "$INSIDE" ] || INSIDE=1 exec unshare -rm sh -c 'mount -t tmpfs -o size=${size} tmpfs ${small}; "$@"; code=$?; ls ${small}/run; exit $code' sh "$@"`,
    })
  }

  skipIf(!canMount, 'this machine lets no process mount a file system').test(
    'is reported before training if the backbone cannot fit',
    async () => {
      const { code, stderr } = await onDisk('1000k')
      expect(code).toBe(1)
      expect(stderr).toMatch(/has 1\.0 MB left, but the run needs 1\.2 MB\. Free some space, or name a folder on another disk with --out/)
      expect(stderr).not.toContain('step 1/2')
    },
  )

  skipIf(!canMount, 'this machine lets no process mount a file system').test(
    'is reported if it fills up during training; the backbone is then saved',
    async () => {
      const { code, stdout, stderr } = await onDisk('1300k')
      expect(code).toBe(1)
      expect(stderr).toMatch(/cannot write .*report\.html: the disk is full\. Free some space, or name a folder on another disk with --out/)
      expect(stderr).toContain(`The backbone is saved: ${join(small, 'run', 'improved-resnet.pt')}`)
      expect(stdout.split('\n')).toContain('improved-resnet.pt')
    },
  )

  test('a limit on the size of files stops the log, then the backbone, and leaves no half of a file', async () => {
    const run = temporary('limited')
    const args = ['pretrain', '--backbone', backbone, '--data', data, '--out', run, '--steps', '30', ...tiny]
    const { code, stderr } = await pixelcl(args, { shell: 'ulimit -f 4' })
    expectWith(code, stderr).toBe(1)
    expect(stderr).toMatch(/cannot write .*metrics\.jsonl: it would be larger than files may be here \(ulimit -f\)/)
    expect(stderr).toMatch(/Training stopped after step \d+; the backbone could not be saved either/)
    expect(readdirSync(run).sort()).toEqual(['config.json', 'metrics.jsonl'])
  })
})

describe('the backbone', () => {
  test('missing, a folder, no PyTorch file, truncated', async () => {
    expect(await failure('--backbone', temporary('none.pt'))).toContain(
      `there is no file ${temporary('none.pt')}: name the backbone's file with --backbone`,
    )
    expect(await failure('--backbone', temporary('empty'))).toContain('is no regular file')
    writeFileSync(temporary('text.pt'), 'hello, I am no network, not at all')
    expect(await failure('--backbone', temporary('text.pt'))).toContain('it is no PyTorch file')
    writeFileSync(temporary('cut.pt'), readFileSync(backbone).subarray(0, 100_000))
    expect(await failure('--backbone', temporary('cut.pt'))).toContain('truncated')
  })

  test('a state dict of another network, or of another ResNet than --arch says', async () => {
    torch.save({ weight: torch.ones([2]) }, temporary('other.pth'))
    expect(await failure('--backbone', temporary('other.pth'))).toMatch(
      /of no ResNet that is known.*its names are weight.*torch\.jit\.script\(model\)\.save/s,
    )
    torch.save([1, 2], temporary('list.pth'))
    expect(await failure('--backbone', temporary('list.pth'))).toContain('holds no state dict: it holds a list')
  })

  test('traced in eval mode, its batch norms frozen', async () => {
    await runPython(
      `net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()
torch.jit.trace(net, torch.rand(1, 3, 8, 8)).save(inputs['path'])
outputs = {}`,
      { path: temporary('frozen.pt') },
    )
    const stderr = await failure('--backbone', temporary('frozen.pt'), '--hidden-layer-pixel', '0')
    expect(stderr).toMatch(/traced in eval mode, so its 1 batch norm.* frozen.*torch\.jit\.script\(model\)/s)
    expect(stderr).not.toContain('the new file is in eval mode again')
  })

  test('without the hidden layer that is asked for', async () => {
    expect(await failure('--hidden-layer-pixel', 'layer33')).toMatch(/has no layer 'layer33' \(did you mean 'layer3'\?\)/)
    expect(await failure('--hidden-layer-pixel', '12')).toContain('the backbone has no child 12: it has 8')
  })
})

test('a loss that is not finite ends the training, and weights that are spoilt are not saved', async () => {
  const run = temporary('diverged')
  const args = [
    'pretrain',
    '--backbone',
    backbone,
    '--data',
    data,
    '--out',
    run,
    '--steps',
    '9',
    ...tiny,
    '--lr',
    '1e30',
    '--warmup-steps',
    '0',
  ]
  const { code, stderr } = await pixelcl([...args, '--json'])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /the loss became NaN at step \d: the steps before have spoilt the weights, so they are not saved\. Try a lower learning rate \(--lr, now 1e\+30\)/,
  )
  expect(existsSync(join(run, 'improved-resnet.pt'))).toBe(false)
})

describe('an output that cannot be written', () => {
  const run = (out: string, shell: string, ...more: string[]) =>
    pixelcl(['pretrain', '--backbone', backbone, '--data', data, '--out', out, '--steps', '2', ...tiny, ...more], { shell })

  test('of progress is dropped, and the training goes on', async () => {
    const { code, stdout } = await run(temporary('silent'), 'exec 2>/dev/full')
    expect(code).toBe(0)
    expect(stdout).toContain('In Python:')
    expect(readdirSync(temporary('silent'))).toContain('report.html')
  })

  test('of printing the result is reported in one line that says that the backbone is saved', async () => {
    const { code, stderr } = await run(temporary('unprinted'), 'exec >/dev/full', '--json')
    expect(code).toBe(1)
    expect(stderr.slice(stderr.indexOf('error:'))).toBe(
      `error: standard output cannot be written: ENOSPC: no space left on device, write\nThe backbone is saved: ${join(temporary('unprinted'), 'improved-resnet.pt')}\n`,
    )
  })

  test('of a help text, too', async () => {
    const { code, stderr } = await pixelcl(['pretrain', '--help'], { shell: 'exec >/dev/full' })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: standard output cannot be written: ENOSPC: no space left on device, write\n',
    })
  })
})

test('names of files cannot change a terminal', async () => {
  expect(await failure('--data', temporary('\x1b[2Jnone'))).toContain('\\x1b[2Jnone does not exist')
})

skipIf(torch.cuda.isAvailable(), 'libtorch sees a CUDA device').test('a device that is not there', async () => {
  expect(await failure('--device', 'mps')).toMatch(/the device 'mps' cannot be used: /)
  expect(await failure('--device', 'cuda:0')).toMatch(/CUDA is not available.*npx pixelcl setup/s)
})

test('--json tells a failure on standard output, too', async () => {
  const { code, stdout } = await pixelcl([
    'pretrain',
    '--backbone',
    backbone,
    '--data',
    temporary('none'),
    '--out',
    out(),
    '--steps',
    '1',
    '--json',
  ])
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'FILE', message: expect.stringContaining('does not exist') } })
  const usage = await pixelcl(['pretrain', '--json', '--nope'])
  expect(usage.code).toBe(2)
  expect(JSON.parse(usage.stdout)).toMatchObject({ error: { code: 'USAGE' } })
})

test('where the set-up has not run, pretrain and export name it', async () => {
  for (const args of [
    ['pretrain', '--steps', '1'],
    ['export', backbone, '--out', 'x.pth'],
  ]) {
    const { code, stderr } = await pixelcl(args, { env: { PIXELCL_CACHE: temporary('no-cache') } })
    expect(code).toBe(1)
    expect(stderr).toContain('npx pixelcl setup')
    expect(stderr).not.toMatch(/\n\s+at /)
  }
})
