// The contestant's side of the protocol: one line of JSON for every line of input.
import { createInterface } from 'node:readline'

export async function serve(round) {
  for await (const _ of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await round())}\n`)
}
