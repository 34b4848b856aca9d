/** A worker of the pool: one instance, one task at a time. */
import { DisposedError } from '../../../errors.js'
import type { CompactSegment } from '../../../gradients/block.js'
import { freeBuffers } from '../../../gradients/free-buffers.js'
import { listBlockBuffers } from '../../../gradients/release-block.js'
import { isFloat16Block } from '../../../gradients/float16-block.js'
import type { PlacedBlock } from '../blocks/block-placement.js'
import {
  decodeFloat16Block,
  listFloat16Buffers,
  groupFloat16Block,
  type HostFloat16Block,
  isHostFloat16Block,
} from '../blocks/float16-block.js'
import { readSquaredNorms } from '../blocks/norms.js'
import { WasmInstance } from '../instance.js'
import { toFailure, type Reply, type Request, type Task, type TaskResults } from './messages.js'
import { InstanceRanking } from '../ranking/partial-ranking.js'
import { readBlock } from '../blocks/read-block.js'
import { copyBlock } from '../blocks/copy-block.js'

let instance: WasmInstance
/** Blocks by number; the error in place of one that failed. */
const blocks = new Map<number, PlacedBlock | HostFloat16Block | Error>()
const rankings = new Map<number, InstanceRanking | Error>()

function requireEntry<Thing>(things: ReadonlyMap<number, Thing | Error>, key: number): Thing {
  const thing = things.get(key)
  if (thing instanceof Error) throw thing
  if (thing !== undefined) return thing
  throw new DisposedError('These gradients, or this ranking, were disposed.')
}

/** Creates a thing and stores it, or the error that prevented it. */
function createEntry<Thing>(
  things: Map<number, Thing | Error>,
  key: number,
  make: () => Thing,
): Thing {
  try {
    const thing = make()
    things.set(key, thing)
    return thing
  } catch (error) {
    things.set(key, error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

/** Returns a block in float32; one of float16 is decoded once and stays float32. */
function requireDecoded(key: number): PlacedBlock {
  const placed = requireEntry(blocks, key)
  if (!isHostFloat16Block(placed)) return placed
  const block = decodeFloat16Block(instance, placed)
  release(placed)
  blocks.set(key, block)
  return block
}

/** Releases a block, and returns buffers that can be reused. */
function release(placed: PlacedBlock | HostFloat16Block): ArrayBuffer[] {
  if (isHostFloat16Block(placed)) return listFloat16Buffers(placed)
  instance.release(placed.address)
  return []
}

async function runTask(task: Task): Promise<TaskResults[Task['kind']]> {
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
      const placed = createEntry(blocks, task.block, () => copyBlock(instance, gradients))
      freeBuffers(listBlockBuffers(gradients))
      return readSquaredNorms(instance, placed)
    }
    case 'norms':
      return readSquaredNorms(instance, requireEntry(blocks, task.block))
    case 'read':
      return readBlock(instance, requireDecoded(task.block))
    case 'copyOut': {
      const { address, ...layout } = requireDecoded(task.block)
      return { layout, bytes: instance.bytes.slice(address, address + layout.byteLength) }
    }
    case 'copyIn': {
      const { layout, bytes } = task.moved
      createEntry(blocks, task.block, () => {
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
      createEntry(rankings, task.ranking, () => new InstanceRanking(instance, task.options))
      return undefined
    case 'add': {
      const [test, train] = [requireDecoded(task.test), requireEntry(blocks, task.train)]
      requireEntry(rankings, task.ranking).add(test, task.testStart, train, task.trainStart)
      return undefined
    }
    case 'finish':
      return requireEntry(rankings, task.ranking).finish()
    case 'closeRanking': {
      const ranking = rankings.get(task.ranking)
      rankings.delete(task.ranking)
      if (ranking instanceof InstanceRanking) ranking.dispose()
      return undefined
    }
  }
}

/** Acquires a lock that becomes free when the worker ends for any reason, which tells the page. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve) => {
    try {
      const placed = navigator.locks.request(name, () => {
        resolve()
        return new Promise(() => undefined)
      })
      // The page may not use locks.
      placed.catch(resolve)
    } catch {
      // An insecure page has no locks, so it only learns of errors.
      resolve()
    }
  })
}

function listBuffers(segment: CompactSegment): ArrayBufferLike[] {
  switch (segment.kind) {
    case 'dense':
      return [segment.values.buffer]
    case 'factored':
      return [segment.a.buffer, segment.delta.buffer]
    case 'lookup':
      return [segment.indices.buffer, segment.delta.buffer]
  }
}

function listTransferables(result: TaskResults[Task['kind']]): Transferable[] {
  if (result === undefined) return []
  if (Array.isArray(result)) return result
  if (result instanceof Float64Array) return [result.buffer]
  if ('bytes' in result) return [result.bytes.buffer]
  if ('segments' in result) return result.segments.flatMap(listBuffers)
  return [result.most, result.least, result.nonFinite].flatMap(({ counts, scores, indices }) => [
    ...new Set([counts.buffer, scores.buffer, indices.buffer]),
  ])
}

// Messages are processed one at a time, even while a task waits.
let last: Promise<void> = Promise.resolve()

globalThis.onmessage = ({ data }: MessageEvent<readonly Request[]>): void => {
  last = last.then(async () => {
    const replies: Reply[] = []
    const transfer: Transferable[] = []
    for (const { id, task } of data) {
      try {
        const result = await runTask(task)
        replies.push({ id, result })
        transfer.push(...listTransferables(result))
      } catch (error) {
        replies.push({ id, failure: toFailure(error) })
      }
    }
    globalThis.postMessage(replies, { transfer })
  })
}
