import type {
  GpuGradientBlock,
  GradientBlock,
  GradientSegment,
  LabelWeights,
  Loss,
  NdArray,
  PredictorSession,
} from 'gradlens'
import { withFactors } from '../../../src/losses/factors.js'
import { copyLabels } from '../../../src/losses/labels.js'
import { positionLoss, readLoss } from '../../../src/losses/loss.js'

/** The loss gradients of a session as JavaScript arrays, for any device. */
export async function hostGradients<Value>(
  session: PredictorSession<Value>,
  x: readonly NdArray[],
  y: NdArray,
  loss: Loss<Value>,
  weights: LabelWeights = {},
): Promise<GradientBlock> {
  return hostBlock(await lossGradients(session, x, y, loss, weights))
}

/** The loss gradients of a session for a loss and labels in the form of the public API. */
export async function lossGradients<Value>(
  session: PredictorSession<Value>,
  x: readonly NdArray[],
  y: NdArray,
  loss: Loss<Value>,
  weights: LabelWeights = {},
): Promise<GradientBlock | GpuGradientBlock> {
  const read = readLoss(loss)
  if (typeof read === 'function') {
    return session.lossGradients(x, { ...y, factors: undefined }, read)
  }
  const labels = withFactors('y', read, y, await copyLabels('y', { ...weights, labels: y }))
  return session.lossGradients(x, labels, positionLoss(read))
}

/** The block as JavaScript arrays. A block in GPU buffers is read back and disposed. */
export async function hostBlock(block: GradientBlock | GpuGradientBlock): Promise<GradientBlock> {
  if (!('gpuDevice' in block)) return block
  const { gpuDevice, exampleCount, segments } = block
  const floats = async (buffer: GPUBuffer, perRow: number): Promise<Float32Array> =>
    new Float32Array(await read(gpuDevice, buffer, exampleCount * perRow))
  const integers = async (buffer: GPUBuffer, perRow: number): Promise<Int32Array> =>
    new Int32Array(await read(gpuDevice, buffer, exampleCount * perRow))
  try {
    return {
      exampleCount,
      segments: await Promise.all(
        segments.map(async (segment): Promise<GradientSegment> => {
          switch (segment.kind) {
            case 'dense':
              return { ...segment, values: await floats(segment.values, segment.size) }
            case 'factored': {
              const { positions, inputSize, outputSize } = segment
              const a = await floats(segment.a, positions * inputSize)
              return { ...segment, a, delta: await floats(segment.delta, positions * outputSize) }
            }
            case 'lookup': {
              const { positions, rowSize } = segment
              const indices = await integers(segment.indices, positions)
              return {
                ...segment,
                indices,
                delta: await floats(segment.delta, positions * rowSize),
              }
            }
            case 'convolution': {
              const g = segment.geometry
              const a = await floats(segment.a, g.inHeight * g.inWidth * g.inChannels)
              const deltaSize = g.outHeight * g.outWidth * g.outChannels
              return { ...segment, a, delta: await floats(segment.delta, deltaSize) }
            }
          }
        }),
      ),
    }
  } finally {
    block[Symbol.dispose]()
  }
}

const bytesPerNumber = 4

async function read(device: GPUDevice, source: GPUBuffer, count: number): Promise<ArrayBuffer> {
  const size = count * bytesPerNumber
  const staging = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  })
  try {
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(source, 0, staging, 0, size)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    return staging.getMappedRange().slice(0)
  } finally {
    staging.destroy()
  }
}
