import { FileError } from '../../files/named-file.js'

const wayOut =
  "Export the model to ONNX in Python, model.export('model.onnx', format='onnx'), and drop that file."

/** A layer or option that TensorFlow.js computes differently or not at all. */
export function refuse(what: string, instead: string = wayOut): never {
  throw new FileError(`TensorFlow.js has no equal of ${what}. ${instead}`)
}
