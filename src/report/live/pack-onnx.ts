import { joinArrays } from '../../join-arrays.js'
import { convertOnnx } from '../../live/convert-onnx.js'
import type { OnnxDescription } from '../../live/live-files.js'
import type { NdArray } from '../../ndarray.js'
import { type ExternalData, type FileSource, readFiles } from '../../onnx/model/read-source.js'

/** What a report asks of an ONNX model. */
export interface OnnxQuestion {
  readonly externalData: ExternalData | undefined
  /** One array for each input. */
  readonly examples: readonly NdArray[]
  readonly output: string | undefined
  readonly layer: string | undefined
}

/**
 * An ONNX model as a page gets it: its files, which the page converts.
 *
 * @throws UnsupportedError for what the page couldn't convert
 * @throws InvalidArgumentError for bytes that aren't an ONNX model, and for examples or a layer that it doesn't have
 */
export async function packOnnx(
  model: FileSource,
  { externalData, examples, output, layer }: OnnxQuestion,
): Promise<{ readonly description: OnnxDescription; readonly weights: Uint8Array }> {
  const { bytes, external } = await readFiles(model, externalData)
  const files = [['model.onnx', bytes] as const, ...external]
  const description: OnnxDescription = {
    format: 'onnx',
    shapes: examples.map(({ shape }) => shape.slice(1)),
    files: files.map(([name, { byteLength }]) => ({ name, byteLength })),
  }
  const weights = joinArrays(
    Uint8Array,
    files.map(([, own]) => own),
  )
  const { findLayer } = convertOnnx(description, weights, output)
  if (layer !== undefined) findLayer('live.layer', layer)
  return { description, weights }
}
