import { DeviceError, DisposedError, isGradlensError, MemoryError } from '../../../errors.js'
import type { CompactBlock, GradientBlock } from '../../../gradients/block.js'
import type { Float16Block } from '../../../gradients/float16-block.js'
import type { RankingOptions } from '../../ranking.js'
import type { BlockPlacement } from '../blocks/block-placement.js'
import type { PartialRanking } from '../ranking/partial-ranking.js'

/** A block on its way from one worker to another: the bytes of its memory. */
export interface MovedBlock {
  readonly layout: BlockPlacement
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A task of a worker. The page numbers blocks and rankings. Tasks run in the order of their requests. */
export type Task =
  | { readonly kind: 'start'; readonly compiled: WebAssembly.Module; readonly lockName: string }
  | {
      readonly kind: 'upload'
      readonly block: number
      readonly gradients: GradientBlock | Float16Block
    }
  | { readonly kind: 'norms'; readonly block: number }
  | { readonly kind: 'read'; readonly block: number }
  | { readonly kind: 'copyOut'; readonly block: number }
  | { readonly kind: 'copyIn'; readonly block: number; readonly moved: MovedBlock }
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

/** The results of tasks. */
export interface TaskResults {
  readonly start: undefined
  /** The squared norms; those of float16 are not known yet. */
  readonly upload: Float64Array | undefined
  readonly norms: Float64Array
  readonly read: CompactBlock
  readonly copyOut: MovedBlock
  readonly copyIn: undefined
  /** The original buffers that the block still uses. */
  readonly release: ArrayBuffer[]
  readonly openRanking: undefined
  readonly add: undefined
  readonly finish: PartialRanking
  readonly closeRanking: undefined
}

/** A request of a message; requests run in order. */
export interface Request {
  readonly id: number
  readonly task: Task
}

/** A reply; replies come in the order of the requests. */
export type Reply =
  | { readonly id: number; readonly result: TaskResults[Task['kind']] }
  | { readonly id: number; readonly failure: Failure }

/** An error's class and fields are lost in a message, so they are sent as data. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly byteLength?: number | undefined
}

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message } = error
  const byteLength = isGradlensError(error, 'MemoryError') ? error.byteLength : undefined
  return { name, message, byteLength }
}

export function toError({ name, message, byteLength }: Failure): Error {
  if (name === 'MemoryError') return new MemoryError('wasm', message, { byteLength })
  if (name === 'DisposedError') return new DisposedError(message)
  return new DeviceError('wasm', `in a worker: ${message}`)
}
