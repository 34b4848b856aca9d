/** A worker of the pool: one instance, which does one task after the other. */
import { DisposedError } from '../../../errors.js'
import type { CompactSegment } from '../../../gradients/block.js'
import { freeBuffers } from '../../../gradients/free-buffers.js'
import { blockBuffers } from '../../../gradients/release-block.js'
import { isFloat16Block } from '../../../gradients/float16-block.js'
import type { PlacedBlock } from '../blocks/block-placement.js'
import {
  decodeFloat16Row,
  float16Buffers,
  groupFloat16Block,
  type HostFloat16Block,
  isHostFloat16Block,
} from '../blocks/float16-block.js'
import { squaredNormsOf } from '../blocks/norms.js'
import { WasmInstance } from '../instance.js'
import { failureOf, type Reply, type Request, type Task, type TaskResults } from './messages.js'
import { InstanceRanking } from '../ranking/partial-ranking.js'
import { readBlock } from '../blocks/read-block.js'
import { copyBlock } from '../blocks/copy-block.js'

let instance: WasmInstance
/** Blocks by their numbers; in place of one that could not be taken, why. */
const blocks = new Map<number, PlacedBlock | HostFloat16Block | Error>()
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
function decoded(key: number): PlacedBlock {
  const placed = found(blocks, key)
  if (!isHostFloat16Block(placed)) return placed
  const block = decodeFloat16Row(instance, placed)
  release(placed)
  blocks.set(key, block)
  return block
}

/** What comes back are buffers that may be used again. */
function release(placed: PlacedBlock | HostFloat16Block): ArrayBuffer[] {
  if (isHostFloat16Block(placed)) return float16Buffers(placed)
  instance.release(placed.address)
  return []
}

async function done(task: Task): Promise<TaskResults[Task['kind']]> {
  switch (task.kind) {
    case 'start':
      instance = await WasmInstance.open(task.compiled)
      await holdLock(task.lockName)
      return undefined
    case 'upload': {
      const { gradients } = task
      if (isFloat16Block(gradients)) {
        blocks.set(task.block, groupFloat16Block(gradients))
        return undefined
      }
      const placed = made(blocks, task.block, () => copyBlock(instance, gradients))
      freeBuffers(blockBuffers(gradients))
      return squaredNormsOf(instance, placed)
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
      const placed = navigator.locks.request(name, () => {
        resolve()
        return new Promise(() => undefined)
      })
      // Where there are locks, but not for this page.
      placed.catch(resolve)
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
    case 'lookup':
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
