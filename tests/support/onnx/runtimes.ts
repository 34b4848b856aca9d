import * as node from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import type { RuntimeDevice } from '../../../src/onnx/runtime/runtime.js'

/** The ONNX Runtimes of Node, with the device that each computes on. */
export const nodeRuntimes: readonly RuntimeDevice[] = [
  { ort: web, name: 'wasm', provider: 'wasm' },
  { ort: node, name: 'native', provider: 'cpu' },
]
