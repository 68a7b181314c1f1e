// Crafted files by their numbers.
import { Draw } from '../random.mjs'
import { oddZip, zipOf } from './archives.mjs'
import { legacyFile, safetensorsFile, tarFile } from './formats.mjs'
import { boundless, call, list, opcodes, pickle, text, value } from './pickles.mjs'
import { programFile } from './programs.mjs'

/** What `torch.save` writes around a pickle. */
const saved = (data) => [
  { name: 'archive/data.pkl', data },
  { name: 'archive/byteorder', data: Buffer.from('little') },
  { name: 'archive/data/0', data: Buffer.from(Float32Array.of(1, 2, 3, 4).buffer) },
  { name: 'archive/version', data: Buffer.from('3\n') },
]

const values = (draw) => saved(pickle(value(draw, 5)))
const ordered = (draw) =>
  saved(pickle(call('collections.OrderedDict', list(list(text('weight'), value(draw, 2)), list(text('model'), value(draw, 3))))))

const KINDS = {
  values: (draw) => zipOf(values(draw)),
  ordered: (draw) => zipOf(ordered(draw)),
  opcodes: (draw) => zipOf(saved(opcodes(draw))),
  boundless: (draw) => zipOf(saved(boundless(draw)).map((record) => ({ ...record, deflated: draw.chance(0.5) }))),
  archive: (draw) => oddZip(draw, draw.chance(0.5) ? values(draw) : ordered(draw)),
  safetensors: safetensorsFile,
  legacy: legacyFile,
  tar: tarFile,
  noise: (draw) => Buffer.concat([Buffer.from(draw.pick(['', 'PK\x03\x04', '\x80\x02', '{"', '\x89HDF'])), draw.bytes(draw.size(2000))]),
  program: programFile,
}
/** Programs are the largest language, noise the smallest. */
const SHARES = { values: 3, ordered: 2, opcodes: 2, boundless: 2, archive: 3, safetensors: 3, legacy: 3, tar: 0.3, noise: 0.5, program: 10 }

/** The crafted file of a number. */
export function crafted(seed, number) {
  const draw = new Draw(seed, number)
  let place = draw.random() * Object.values(SHARES).reduce((sum, share) => sum + share, 0)
  const kind = Object.keys(SHARES).find((name) => (place -= SHARES[name]) < 0)
  return { kind, bytes: KINDS[kind](draw) }
}
