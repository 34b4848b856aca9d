import { UnsupportedError } from '../../errors.js'
import { sizeOf } from '../../ndarray.js'
import type { LoadedModel } from '../model/loaded-model.js'
import type { OnnxModel } from '../model/onnx-model.js'
import type { OnnxRuntime } from '../runtime/runtime.js'
import { ModelRunner } from './model-runner.js'
import { devicesOf, openRuntimeDevice } from '../runtime/runtime-devices.js'
import { writeForward } from './written-graphs.js'

/**
 * Returns the shape of one example's output: as the model states it, or as one example of zeros has it.
 *
 * @throws UnsupportedError if the model doesn't state it and takes inputs of any length
 */
export async function findOutputShape(
  ort: OnnxRuntime,
  { graph }: OnnxModel,
  model: LoadedModel,
): Promise<readonly (number | null)[]> {
  const { output, inputs, name } = model
  // Logits have the shape of what is computed from them, except for reshapes in between.
  const stated = graph.described.get(output)?.shape
  if (stated !== undefined && stated.length > 0) return stated.slice(1)
  const open = inputs.find(({ shape }) => shape.includes(null))
  if (open !== undefined) {
    throw new UnsupportedError(
      'output shape',
      `model '${name}' does not state the shape of '${output}', and it cannot be found out, because its input ` +
        `'${open.name}' has the shape [${open.shape.map((length) => length ?? 'any').join(', ')}]. Export it with fixed ` +
        'lengths, or with onnx.shape_inference.infer_shapes(model).',
    )
  }
  const device = await openRuntimeDevice(ort, devicesOf(ort).at(-1)!, true)
  const runner = new ModelRunner({ current: model, knowledge: new Map() }, device)
  try {
    const zeros = inputs.map((input) => {
      const shape = [1, ...(input.shape as readonly number[])]
      return [input.name, { data: new Float32Array(sizeOf(shape)), shape }] as const
    })
    const outputs = await runner.run('forward', () => writeForward(model, [output]), new Map(zeros))
    return outputs.get(output)!.shape.slice(1)
  } finally {
    runner.dispose()
  }
}
