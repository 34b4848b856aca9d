import { readModelFiles } from '../onnx/model/read-source.js'
import { type Conversion, convertModel } from '../onnx/to-tfjs/convert-model.js'
import type { OnnxDescription } from './live-files.js'

/**
 * Converts the ONNX model of a live report to one of TensorFlow.js.
 *
 * @param bytes the files one after the other
 * @throws UnsupportedError for an operator that TensorFlow.js can't compute
 */
export function convertOnnx(
  { shapes, files }: OnnxDescription,
  bytes: Uint8Array,
  output: string | undefined,
): Conversion {
  let at = 0
  const parts = files.map(({ name, byteLength }): [string, Uint8Array] => {
    const part = bytes.subarray(at, at + byteLength)
    at += byteLength
    return [name, part]
  })
  const [model, ...external] = parts
  const given = readModelFiles({
    bytes: model?.[1] ?? new Uint8Array(),
    external: new Map(external),
  })
  return convertModel(given, { shapes, output })
}
