import { DeviceError, DisposedError, isGradlensError, MemoryError } from '../../../errors.js'
import type { CompactBlock, GradientBlock } from '../../../gradients/block.js'
import type { Float16Block } from '../../../gradients/float16-block.js'
import type { RankingOptions } from '../../ranking.js'
import type { BlockPlacement } from '../blocks/block-placement.js'
import type { PartialRanking } from '../ranking/partial-ranking.js'

/** A held block on its way from one worker to another: the bytes of its memory. */
export interface MovedBlock {
  readonly layout: BlockPlacement
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What a worker is asked for, in the order in which it does it. Blocks and rankings go by numbers that the page gives them. */
export type Task =
  | { readonly kind: 'start'; readonly compiled: WebAssembly.Module; readonly lockName: string }
  | {
      readonly kind: 'upload'
      readonly block: number
      readonly gradients: GradientBlock | Float16Block
    }
  | { readonly kind: 'norms'; readonly block: number }
  | { readonly kind: 'read'; readonly block: number }
  | { readonly kind: 'lend'; readonly block: number }
  | { readonly kind: 'borrow'; readonly block: number; readonly moved: MovedBlock }
  | { readonly kind: 'release'; readonly block: number }
  | { readonly kind: 'openRanking'; readonly ranking: number; readonly options: RankingOptions }
  | {
      readonly kind: 'add'
      readonly ranking: number
      readonly test: number
      readonly testStart: number
      readonly train: number
      readonly trainStart: number
    }
  | { readonly kind: 'finish'; readonly ranking: number }
  | { readonly kind: 'closeRanking'; readonly ranking: number }

/** What a task resolves to. */
export interface TaskResults {
  readonly start: undefined
  /** The squared norms; those of float16 are not known yet. */
  readonly upload: Float64Array | undefined
  readonly norms: Float64Array
  readonly read: CompactBlock
  readonly lend: MovedBlock
  readonly borrow: undefined
  /** Buffers that the block came in and still has. */
  readonly release: ArrayBuffer[]
  readonly openRanking: undefined
  readonly add: undefined
  readonly finish: PartialRanking
  readonly closeRanking: undefined
}

/** What a message asks for, in this order. */
export interface Request {
  readonly id: number
  readonly task: Task
}

/** What a message answers, in the order of its requests. */
export type Reply =
  | { readonly id: number; readonly result: TaskResults[Task['kind']] }
  | { readonly id: number; readonly failure: Failure }

/** An error's class and fields do not survive a message. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly byteLength?: number | undefined
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message } = error
  const byteLength = isGradlensError(error, 'MemoryError') ? error.byteLength : undefined
  return { name, message, byteLength }
}

export function errorOf({ name, message, byteLength }: Failure): Error {
  if (name === 'MemoryError') return new MemoryError('wasm', message, { byteLength })
  if (name === 'DisposedError') return new DisposedError(message)
  return new DeviceError('wasm', `in a worker: ${message}`)
}
