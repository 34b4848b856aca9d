import { PbfReader, PbfWriter } from 'pbf'
import type { OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { readTensor } from '../../../src/onnx/model/read-tensor.js'

/** Reads a file with one tensor (TensorProto). */
export function readTensorFile(bytes: Uint8Array): OnnxTensor {
  // As a part of another message, which starts with its length.
  const writer = new PbfWriter()
  writer.writeBytes(bytes)
  const { tensor } = readTensor(new PbfReader(writer.finish()), () => {
    throw new Error('external data')
  })
  return tensor
}
