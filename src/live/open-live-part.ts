import { decodeFrame } from '../frame/decode-frame.js'
import type { FrameSide } from '../frame/frame.js'
import type { NdArray } from '../ndarray.js'
import type { LiveFiles, LiveParams } from './live-files.js'

/** The data of a live part's frame. */
export interface LiveData {
  /** One array [examples, …] for each input of the model. */
  readonly examples: readonly NdArray[]
  readonly trainExamples: readonly NdArray[] | null
  readonly trainLabels: NdArray | null
  /** The bytes of the model's weights, or of the files of an ONNX model. */
  readonly weights: NdArray
}

/** The live part of a report. */
export interface LivePart {
  readonly params: LiveParams
  readonly data: LiveData
  /** Properties of `<gl-explainer>`. */
  readonly side: FrameSide
  readonly files: Omit<LiveFiles, 'wasm'>
}

/** @throws InvalidArgumentError if the bytes are damaged */
export function openLivePart(frame: Uint8Array): LivePart {
  const { explanation, side } = decodeFrame(frame)
  const params = explanation.meta.params as unknown as LiveParams
  const data = explanation.data as unknown as LiveData
  return {
    params,
    data,
    side,
    files: {
      model: JSON.parse(params.model) as LiveFiles['model'],
      weights: data.weights.data as Uint8Array<ArrayBuffer>,
      output: params.output ?? undefined,
    },
  }
}
