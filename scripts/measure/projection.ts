/**
 * Measures how long one example's gradient takes to be projected to 4,096 numbers, for parameters of
 * MobileNetV2's sizes (3.5 million numbers): `npx tsx scripts/measure/projection.ts`. The layouts are
 * the smaller ones: factors where a layer has few positions, else the gradient itself. It takes the
 * median of processor time.
 */
import type { CompactSegment } from '../../src/gradients/block.js'
import { Projection } from '../../src/gradients/projection/projection.js'
import { seededRandom } from '../../src/random.js'

const rounds = 7
const random = seededRandom(1)
const floats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random() - 0.5)

/** Positions, inputs and outputs of the point-wise convolutions and the dense layer; 0: dense layout. */
const layers = [
  ...Array.from({ length: 4 }, () => [0, 32, 192]),
  ...Array.from({ length: 8 }, () => [0, 64, 384]),
  ...Array.from({ length: 6 }, () => [0, 96, 576]),
  ...Array.from({ length: 6 }, () => [49, 160, 960]),
  [49, 320, 1280],
  [1, 1280, 1000],
]
const segments = layers.map(([positions, inputSize, outputSize], k): CompactSegment => {
  const parameter = `layer-${k}`
  if (positions! > 0) {
    const sizes = { positions: positions!, inputSize: inputSize!, outputSize: outputSize! }
    const [a, delta] = [floats(positions! * inputSize!), floats(positions! * outputSize!)]
    return { kind: 'factored', parameter, ...sizes, a, delta }
  }
  const size = inputSize! * outputSize!
  return { kind: 'dense', parameter, size, values: floats(size) }
})
const parameters = layers.map(([, inputSize, outputSize], k) => ({
  name: `layer-${k}`,
  shape: [inputSize!, outputSize!],
}))
const projection = new Projection({ size: 4096, seed: 0 }, parameters)
const pause = (): Promise<void> => Promise.resolve()
await projection.project({ exampleCount: 1, segments }, pause)
const times: number[] = []
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage()
  await projection.project({ exampleCount: 1, segments }, pause)
  const { user, system } = process.cpuUsage(before)
  times.push((user + system) / 1e3)
}
const median = times.toSorted((a, b) => a - b)[rounds >> 1]!
console.log(`projection to 4,096 numbers: ${median.toFixed(1)} ms per example`)
