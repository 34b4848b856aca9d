/** A worker of the pool: one instance, which does one task after the other. */
import { DisposedError } from '../../errors.js'
import type { CompactSegment } from '../compact.js'
import { freeBuffers } from '../free-buffers.js'
import { blockBuffers } from '../give-back.js'
import { isHalfBlock } from '../half-block.js'
import type { HeldBlock } from './held-block.js'
import type { HeldHalf } from './held-half.js'
import { decodeHalf, halfBuffers, isHeldHalf, takeHalf } from './held-half.js'
import { squaredNormsOf } from './held-norms.js'
import { WasmInstance } from './instance.js'
import type { Reply, Request, Task, TaskResults } from './messages.js'
import { failureOf } from './messages.js'
import { InstanceRanking } from './partial-ranking.js'
import { readBlock } from './read-block.js'
import { takeBlock } from './take-block.js'

let instance: WasmInstance
/** Blocks by their numbers; in place of one that could not be taken, why. */
const blocks = new Map<number, HeldBlock | HeldHalf | Error>()
const rankings = new Map<number, InstanceRanking | Error>()

function found<Thing>(things: ReadonlyMap<number, Thing | Error>, key: number): Thing {
  const thing = things.get(key)
  if (thing instanceof Error) throw thing
  if (thing !== undefined) return thing
  throw new DisposedError('these gradients, or this ranking, were disposed.')
}

/** Makes a thing, and remembers it or why there is none. */
function made<Thing>(things: Map<number, Thing | Error>, key: number, make: () => Thing): Thing {
  try {
    const thing = make()
    things.set(key, thing)
    return thing
  } catch (error) {
    things.set(key, error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

/** A block in float32, from now on if it was not. */
function decoded(key: number): HeldBlock {
  const held = found(blocks, key)
  if (!isHeldHalf(held)) return held
  const block = decodeHalf(instance, held)
  release(held)
  blocks.set(key, block)
  return block
}

/** What comes back are buffers that may be used again. */
function release(held: HeldBlock | HeldHalf): ArrayBuffer[] {
  if (isHeldHalf(held)) return halfBuffers(held)
  instance.release(held.address)
  return []
}

async function done(task: Task): Promise<TaskResults[Task['kind']]> {
  switch (task.kind) {
    case 'start':
      instance = await WasmInstance.open(task.compiled)
      await holdLock(task.lockName)
      return undefined
    case 'hold': {
      const { gradients } = task
      if (isHalfBlock(gradients)) {
        blocks.set(task.block, takeHalf(gradients))
        return undefined
      }
      const held = made(blocks, task.block, () => takeBlock(instance, gradients))
      freeBuffers(blockBuffers(gradients))
      return squaredNormsOf(instance, held)
    }
    case 'norms':
      return squaredNormsOf(instance, found(blocks, task.block))
    case 'read':
      return readBlock(instance, decoded(task.block))
    case 'lend': {
      const { address, ...layout } = decoded(task.block)
      return { layout, bytes: instance.bytes.slice(address, address + layout.byteLength) }
    }
    case 'borrow': {
      const { layout, bytes } = task.moved
      made(blocks, task.block, () => {
        const address = instance.allocate(layout.byteLength)
        instance.bytes.set(bytes, address)
        return { ...layout, address }
      })
      return undefined
    }
    case 'release': {
      const block = blocks.get(task.block)
      blocks.delete(task.block)
      return block === undefined || block instanceof Error ? [] : release(block)
    }
    case 'openRanking':
      made(rankings, task.ranking, () => new InstanceRanking(instance, task.options))
      return undefined
    case 'add': {
      const [test, train] = [decoded(task.test), found(blocks, task.train)]
      found(rankings, task.ranking).add(test, task.testStart, train, task.trainStart)
      return undefined
    }
    case 'finish':
      return found(rankings, task.ranking).finish()
    case 'closeRanking': {
      const ranking = rankings.get(task.ranking)
      rankings.delete(task.ranking)
      if (ranking instanceof InstanceRanking) ranking.dispose()
      return undefined
    }
  }
}

/** Holds a lock until the worker ends, in whichever way: it is how the page learns that it has. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve) => {
    try {
      const held = navigator.locks.request(name, () => {
        resolve()
        return new Promise(() => undefined)
      })
      // Where there are locks, but not for this page.
      held.catch(resolve)
    } catch {
      // Without them, on a page that is not secure, only errors tell.
      resolve()
    }
  })
}

function buffersOf(segment: CompactSegment): ArrayBufferLike[] {
  switch (segment.kind) {
    case 'dense':
      return [segment.values.buffer]
    case 'factored':
      return [segment.a.buffer, segment.delta.buffer]
    case 'rows':
      return [segment.indices.buffer, segment.delta.buffer]
  }
}

function transferred(result: TaskResults[Task['kind']]): Transferable[] {
  if (result === undefined) return []
  if (Array.isArray(result)) return result
  if (result instanceof Float64Array) return [result.buffer]
  if ('bytes' in result) return [result.bytes.buffer]
  if ('segments' in result) return result.segments.flatMap(buffersOf)
  return [result.most, result.least, result.nonFinite].flatMap(({ counts, scores, indices }) => [
    ...new Set([counts.buffer, scores.buffer, indices.buffer]),
  ])
}

// One after the other, also where a task waits.
let last: Promise<void> = Promise.resolve()

globalThis.onmessage = ({ data }: MessageEvent<readonly Request[]>): void => {
  last = last.then(async () => {
    const replies: Reply[] = []
    const transfer: Transferable[] = []
    for (const { id, task } of data) {
      try {
        const result = await done(task)
        replies.push({ id, result })
        transfer.push(...transferred(result))
      } catch (error) {
        replies.push({ id, failure: failureOf(error) })
      }
    }
    globalThis.postMessage(replies, { transfer })
  })
}
