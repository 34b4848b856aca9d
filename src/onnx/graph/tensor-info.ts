import type { ElementType } from '../model/onnx-model.js'

/** What is known about a tensor of the graph before it runs. */
export interface TensorInfo {
  readonly type: ElementType
  /** The length of each axis. Null if it depends on the number of examples. */
  readonly shape: readonly (number | null)[]
}
