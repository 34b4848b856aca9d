import type { NdArray } from 'gradlens'
import type { Encoder } from '../encoders/encoder.js'

/** Where attributions start: at zeros, at the mean of some examples, or at the least or greatest pixel. */
export type BaselineName = 'zeros' | 'mean' | 'black' | 'white'

const mostExamples = 512

/** The example that attributions start from, [1, …]; null for zeros. */
export function createBaseline(encoder: Encoder, name: BaselineName): NdArray | null {
  if (name === 'zeros') return null
  const { data: first, shape } = encoder.encode(0, 1)
  if (name === 'black' || name === 'white') return encoder.flat(name === 'white' ? 255 : 0)
  const count = Math.min(mostExamples, encoder.count)
  const sums = new Float64Array(first.length)
  for (let i = 0; i < count; i++) {
    const index = Math.floor((i * encoder.count) / count)
    encoder.encode(index, index + 1).data.forEach((value, at) => {
      sums[at] = (sums[at] ?? 0) + value
    })
  }
  return { data: Float32Array.from(sums, (sum) => sum / count), shape }
}
