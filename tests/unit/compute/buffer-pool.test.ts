import { expect, it } from 'vitest'
import { BufferPool } from '../../../src/store/stream/buffer-pool.js'

it('reuses buffers of the requested length, each once', () => {
  using pool = new BufferPool(100)
  const [first, second] = [new ArrayBuffer(40), new ArrayBuffer(40)]
  pool.give(first)
  pool.give(second)
  expect(pool.take(39)).toBeUndefined()
  expect(new Set([pool.take(40), pool.take(40)])).toEqual(new Set([first, second]))
  expect(pool.take(40)).toBeUndefined()
})

it('frees buffers beyond its limit, and all of them when it is disposed', () => {
  const pool = new BufferPool(100)
  const [kept, tooMuch, late] = [new ArrayBuffer(60), new ArrayBuffer(60), new ArrayBuffer(60)]
  pool.give(kept)
  pool.give(tooMuch)
  expect([kept.byteLength, tooMuch.byteLength]).toEqual([60, 0])
  pool[Symbol.dispose]()
  pool.give(late)
  expect([kept.byteLength, late.byteLength]).toEqual([0, 0])
  expect(pool.take(60)).toBeUndefined()
})
