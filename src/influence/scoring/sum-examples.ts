import type {
  CompactBlock,
  CompactSegment,
  FactoredSegment,
  LookupSegment,
} from '../../gradients/block.js'
import { countNumbers, getDenseSize } from '../../gradients/compact-layout.js'
import { createGradientReader } from '../../gradients/dense-gradient.js'

/** A segment of one example whose factors are those of all examples summed. */
type FactorSegment = FactoredSegment | LookupSegment

/**
 * Sums the gradients of all examples of the blocks into one gradient, parameter by parameter. Factors of several examples
 * are those of one example with more positions, so they stay factors while that takes fewer numbers than the sum itself.
 * Sums are in float64.
 *
 * @param scale multiplies the sum
 */
export function sumExamples(blocks: readonly CompactBlock[], scale = 1): CompactBlock {
  const sums = new Map<string, ParameterSum>()
  for (const { exampleCount, segments } of blocks) {
    for (const segment of segments) {
      const key = `${segment.kind === 'dense' ? 'factored' : segment.kind} ${segment.parameter}`
      const sum = sums.get(key) ?? new ParameterSum(segment)
      sums.set(key, sum)
      sum.add(segment, exampleCount)
    }
  }
  return { exampleCount: 1, segments: [...sums.values()].flatMap((sum) => sum.finish(scale)) }
}

/** The sum of the gradients of one parameter: factors, until the sum itself is smaller. */
class ParameterSum {
  readonly #parameter: string
  readonly #size: number
  readonly #factors: FactorSegment[] = []
  #numberCount = 0
  #dense: Float64Array | undefined

  constructor(segment: CompactSegment) {
    this.#parameter = segment.parameter
    this.#size = getDenseSize(segment)
  }

  add(segment: CompactSegment, exampleCount: number): void {
    if (segment.kind !== 'dense') {
      const joined = { ...segment, positions: segment.positions * exampleCount }
      this.#numberCount += countNumbers(joined)
      if (this.#dense === undefined && this.#numberCount < this.#size) {
        this.#factors.push(joined)
        return
      }
    }
    const dense = (this.#dense ??= this.#openDense())
    addExamples(segment, exampleCount, dense)
  }

  finish(scale: number): CompactSegment[] {
    const [parameter, size] = [this.#parameter, this.#size]
    if (this.#dense !== undefined) {
      const values = Float32Array.from(this.#dense, (value) => value * scale)
      return [{ kind: 'dense', parameter, size, values }]
    }
    return this.#factors.map((segment) => ({
      ...segment,
      delta: segment.delta.map((value) => value * scale),
    }))
  }

  #openDense(): Float64Array {
    const dense = new Float64Array(this.#size)
    for (const segment of this.#factors) addExamples(segment, 1, dense)
    this.#factors.length = 0
    return dense
  }
}

function addExamples(segment: CompactSegment, exampleCount: number, sum: Float64Array): void {
  const read = createGradientReader(segment)
  for (let row = 0; row < exampleCount; row++) {
    const { data, offset } = read(row)
    for (let k = 0; k < sum.length; k++) sum[k]! += data[offset + k]!
  }
}
