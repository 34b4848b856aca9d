import type { GraphModel } from '@tensorflow/tfjs'
import { isRecord } from '../../../is-record.js'

/** What a graph that was converted from an ONNX model states about it. */
export interface OnnxMetadata {
  /** The names of the parameters in the ONNX model, by their nodes' names. */
  readonly parameters: Readonly<Record<string, string>>
  /** Where each input has its channels; null if the graph doesn't tell. */
  readonly channels: readonly ('first' | 'last' | null)[]
  /** Where the tensors of nodes have their channels, as far as the graph tells. */
  readonly nodeChannels: Readonly<Record<string, 'first' | 'last'>>
}

/** Returns undefined for a graph that wasn't converted from an ONNX model. */
export function readOnnxMetadata({ metadata }: GraphModel): OnnxMetadata | undefined {
  return isRecord(metadata) && isRecord(metadata['parameters'])
    ? (metadata as unknown as OnnxMetadata)
    : undefined
}
