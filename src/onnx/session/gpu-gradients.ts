import type { BatchedGradients } from '../../adapters/model-passes.js'
import type { GpuGradientBlock } from '../../gradients/block.js'
import type { Feeds } from '../graph/probe.js'
import { arraysOf, mapArrays } from '../../adapters/segment-arrays.js'
import type { RuntimeTensor } from '../runtime/runtime.js'
import { readTensor } from '../runtime/compiled-graph.js'
import { toFloats } from './feeds.js'
import type { ModelRunner } from './model-runner.js'
import type { WrittenLossGradients } from './written-graphs.js'

/** Computes loss gradients that stay in buffers of the GPU, until their block is disposed. */
export async function computeOnGpu(
  runner: ModelRunner,
  gpuDevice: GPUDevice,
  key: string,
  { model, segments }: WrittenLossGradients,
  feeds: Feeds,
  exampleCount: number,
): Promise<BatchedGradients> {
  const { output } = runner.model
  const onGpu = [...new Set(segments.flatMap(arraysOf))].filter((name) => name !== output)
  const tensors = await runner.use(
    key,
    () => model,
    (graph) => graph.runToTensors(feeds),
    onGpu,
  )
  const bufferOf = (name: string): GPUBuffer => tensors.get(name)!.gpuBuffer as GPUBuffer
  const prediction = toFloats(readTensor(tensors.get(output)!))
  const block: GpuGradientBlock = {
    gpuDevice,
    exampleCount,
    segments: segments.map((segment) => mapArrays(segment, bufferOf, bufferOf)),
    [Symbol.dispose]: () => {
      disposeAll(tensors)
    },
  }
  return {
    block,
    readOutput: () => Promise.resolve(prediction),
    [Symbol.dispose]: () => undefined,
  }
}

function disposeAll(tensors: ReadonlyMap<string, RuntimeTensor>): void {
  for (const tensor of tensors.values()) tensor.dispose()
}
