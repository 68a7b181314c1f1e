import { afterAll, describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { models } from '../../src/vision'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { systemPython } from '../support/terminal'
import { withResNet } from '../vision/models/python-resnet'

const sources = join(__dirname, '..', '..', 'models')
const folder = mkdtempSync(join(tmpdir(), 'pixelcl-export-'))
const file = (name: string) => join(folder, name)

afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a script of models/ as the command line does, in the test's own Python. */
function script(name: string, ...args: string[]): Promise<{ text: string }> {
  return runPython<{ text: string }>(
    `${withResNet}
import contextlib, io, runpy
sys.argv = ['${name}', *inputs['args']]
text = io.StringIO()
try:
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        runpy.run_path(${JSON.stringify(join(sources, name))}, run_name='__main__')
except SystemExit as end:
    # argparse prints what is wrong; a text in place of a code is printed by Python.
    raise SystemExit(f'{text.getvalue()}{end.code}')
outputs = {'text': text.getvalue()}
`,
    { args },
  )
}

describe('export.py', () => {
  test('scripts a network that this package loads, trains and reads as weights, from the command line', async () => {
    const args = ['resnet18', file('new/r18.pt'), '--random', '--seed', '4', '--num-classes', '5']
    // The Python on the path, which may have no torch: then the set-up's runs the script.
    const { stdout } = await promisify(execFile)(systemPython(), ['-B', join(sources, 'export.py'), ...args])
    expect(stdout).toMatch(/r18\.pt: resnet18, 11\.2 M parameters/)
    const program = torch.jit.load(file('new/r18.pt'))
    expect(program.training).toBe(true)
    expect(program.frozenBatchNorms()).toEqual([])
    torch.manualSeed(4)
    const native = models.resnet18({ numClasses: 5 })
    expect(Object.keys(program.stateDict())).toEqual(Object.keys(native.stateDict()))
    const x = torch.rand([2, 3, 40, 40])
    expect(program.call(x)).toBeAllclose(native.call(x), { rtol: 1e-5, atol: 1e-6 })
    const weighted = models.resnet18({ weights: file('new/r18.pt'), numClasses: 5 })
    expect(weighted.eval().call(x).shape).toEqual([2, 5])
    ;(program.call(x) as Tensor).sum().backward()
    expect(program.parameters().every((parameter) => parameter.grad !== null)).toBe(true)
  })

  test('says what to do where no torch is found', async () => {
    const args = ['-S', '-B', join(sources, 'export.py'), 'resnet18', file('none.pt'), '--random']
    const ended = promisify(execFile)(systemPython(), args, { env: { ...process.env, PIXELCL_CACHE: file('no-cache') } })
    await expect(ended).rejects.toThrow(/this Python has no torch \(.*\): npx pixelcl setup installs one, and npx pixelcl python FILE runs/)
  })

  test('traces in training mode, without a trace in the running statistics', async () => {
    await script('export.py', 'resnet18', file('traced.pt'), '--random', '--num-classes', '3', '--trace', '--image-size', '48')
    const state = torch.jit.load(file('traced.pt')).stateDict()
    expect(state['bn1.num_batches_tracked']!.item()).toBe(0)
    expect(state['layer4.1.bn2.running_var']!.eq(1).all().item()).toBe(true)
    expect(torch.jit.load(file('traced.pt')).frozenBatchNorms()).toEqual([])
  })

  test('takes weights from files of every kind', async () => {
    const { expected } = await runPython<{ expected: Tensor }>(
      `${withResNet}
torch.manual_seed(8)
state = resnet.resnet18(4).state_dict()
at = lambda name: inputs['folder'] + '/' + name
torch.save(state, at('zip.pth'))
torch.save(state, at('legacy.pth'), _use_new_zipfile_serialization=False)
torch.save({'epoch': 1, 'state_dict': {f'module.{name}': value for name, value in state.items()}}, at('checkpoint.pth'))
torch.save([1, 2], at('list.pth'))
outputs = {'expected': state['layer3.0.conv1.weight']}
`,
      { folder },
    )
    for (const weights of ['zip.pth', 'legacy.pth', 'checkpoint.pth', 'out.pt']) {
      await script('export.py', 'resnet18', file('out.pt'), '--weights', file(weights), '--num-classes', '4')
      expectWith(torch.jit.load(file('out.pt')).stateDict()['layer3.0.conv1.weight']!, weights).toEqualTensor(expected)
    }
    await expect(script('export.py', 'resnet18', file('bad.pt'), '--weights', file('zip.pth'))).rejects.toThrow(
      /the weights tell 4 classes apart, not 1000: write --num-classes 4/,
    )
    await expect(script('export.py', 'resnet34', file('bad.pt'), '--weights', file('zip.pth'), '--num-classes', '4')).rejects.toThrow(
      /zip\.pth does not fit resnet34: it holds the weights of a resnet18/,
    )
    await expect(script('export.py', 'resnet18', file('bad.pt'), '--weights', file('list.pth'))).rejects.toThrow(
      /list\.pth holds no state dict/,
    )
    writeFileSync(file('text.pth'), 'not weights')
    await expect(script('export.py', 'resnet18', file('bad.pt'), '--weights', file('text.pth'))).rejects.toThrow(
      /text\.pth cannot be read as TorchScript, a state dict or a checkpoint/,
    )
    expect(existsSync(file('bad.pt'))).toBe(false)
  })

  test('ends with a line where a file or a number is none', async () => {
    mkdirSync(file('folder'))
    writeFileSync(file('nothing.pth'), '')
    const out = file('never.pt')
    for (const [args, line] of [
      [[out, '--weights', file('nothing.pth')], /nothing\.pth cannot be read as TorchScript, a state dict or a checkpoint of tensors: \S/],
      [[out, '--weights', file('folder')], /folder is a folder: give a file with weights/],
      [[file('folder'), '--random'], /folder cannot be written: Is a directory/],
      [[join(file('nothing.pth'), 'x.pt'), '--random'], /x\.pt cannot be written: /],
      [[out, '--random', '--num-classes', '0'], /--num-classes: expected a whole number above 0 but received '0'/],
      [[out, '--random', '--seed', '-1'], /--seed/],
    ] as const) {
      const error = await script('export.py', 'resnet18', ...args).then(
        () => new Error('it was taken'),
        (failure: Error) => failure,
      )
      expect(error.message).toMatch(line)
      // Python ends with that line alone.
      expect(error.message).toMatch(/^SystemExit: /m)
    }
    expect(existsSync(out)).toBe(false)
  })

  test('names what is wrong with a name', async () => {
    await expect(script('export.py', 'resnet18', file('bad.pt'), '--weights', 'IMAGENET1K_V7')).rejects.toThrow(
      /there is no file 'IMAGENET1K_V7', and (named weights come with torchvision|torchvision knows no such weights)/,
    )
    await expect(script('export.py', 'resnet19', file('bad.pt'), '--random')).rejects.toThrow(/SystemExit: 2/)
    await expect(script('export.py', 'resnet18', file('bad.pt'))).rejects.toThrow(/SystemExit: 2/)
  })

  test("uses torchvision's weights where it is installed", async () => {
    // A stand-in for the package: what it gives is what must be in the file.
    const { text } = await runPython<{ text: string; weight: Tensor }>(
      `${withResNet}
import contextlib, io, runpy, types
asked = []
def get_model(arch, weights):
    asked.append((arch, weights))
    if weights != 'IMAGENET1K_V1':
        raise KeyError(weights)
    model = resnet.build(arch)
    torch.nn.init.constant_(model.fc.bias, 0.25)
    return model
sys.modules['torchvision'] = types.SimpleNamespace(models=types.SimpleNamespace(get_model=get_model))
sys.argv = ['export.py', 'resnet18', inputs['out'], '--weights', 'IMAGENET1K_V1']
text = io.StringIO()
try:
    with contextlib.redirect_stdout(text):
        runpy.run_path(${JSON.stringify(join(sources, 'export.py'))}, run_name='__main__')
finally:
    del sys.modules['torchvision']
assert asked == [('resnet18', 'IMAGENET1K_V1')]
outputs = {'text': text.getvalue()}
`,
      { out: file('named.pt') },
    )
    expect(text).toMatch(/11\.7 M parameters/)
    expect(torch.jit.load(file('named.pt')).stateDict()['fc.bias']!.eq(0.25).all().item()).toBe(true)
  })
})

test('the ResNets of resnet.py have as many parameters as torchvision publishes', async () => {
  const python = await runPython<Record<string, number>>(`${withResNet}
with torch.device('meta'):
    outputs = {arch: sum(p.numel() for p in resnet.build(arch).parameters()) for arch in resnet.ARCHITECTURES}
`)
  expect(python).toEqual({
    resnet18: 11689512,
    resnet34: 21797672,
    resnet50: 25557032,
    resnet101: 44549160,
    resnet152: 60192808,
    resnext50_32x4d: 25028904,
    resnext101_32x8d: 88791336,
    resnext101_64x4d: 83455272,
    wide_resnet50_2: 68883240,
    wide_resnet101_2: 126886696,
  })
})

describe('small.pt', () => {
  const path = join(sources, 'small.pt')

  test('is what small.py makes, small enough to ship', async () => {
    expect(statSync(path).size).toBeLessThan(4 * 1024 * 1024)
    expect((await script('small.py', file('small.pt'))).text).toMatch(/small\.pt: 0\.\d\d M parameters/)
    const [shipped, made] = [torch.jit.load(path), torch.jit.load(file('small.pt'))].map((program) => program.stateDict()) as [
      Record<string, Tensor>,
      Record<string, Tensor>,
    ]
    expect(Object.keys(shipped)).toEqual(Object.keys(made))
    for (const [name, value] of Object.entries(made)) expectWith(shipped[name]!.equal(value), name).toBe(true)
  })

  test('trains, and its last map has a stride of 8', () => {
    const program = torch.jit.load(path)
    expect(program.training).toBe(true)
    expect(program.frozenBatchNorms()).toEqual([])
    const [map] = program.taps(['layer3']).run(program, torch.rand([2, 3, 64, 48]))
    expect(map!.shape).toEqual([2, 128, 8, 6])
    map!.sum().backward()
    expect(program.getParameter('conv1.weight').grad).not.toBeNull()
  })
})
