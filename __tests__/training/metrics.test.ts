import { expect, test } from '@jest/globals'
import { EventStream } from '../../src/training'

test('a stream passes each event to all subscribers in order, until they unsubscribe', () => {
  const stream = new EventStream<number>()
  const seen: string[] = []
  const end = stream.subscribe((value) => seen.push(`one ${value}`))
  stream.subscribe((value) => seen.push(`two ${value}`))
  stream.emit(1)
  end()
  stream.emit(2)
  expect(seen).toEqual(['one 1', 'two 1', 'two 2'])
})

test('a subscriber that fails keeps no other from the event, and its error reaches the emitter', () => {
  const stream = new EventStream<number>()
  const seen: number[] = []
  stream.subscribe(() => {
    throw new Error('first')
  })
  stream.subscribe((value) => seen.push(value))
  stream.subscribe(() => {
    throw new Error('second')
  })
  expect(() => stream.emit(7)).toThrow('first')
  expect(seen).toEqual([7])
})
