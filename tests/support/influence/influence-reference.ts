import type { NdArray } from 'gradlens'

/** Gradients of single examples by the names of the parameters, in float64. */
type Gradient = ReadonlyMap<string, Float64Array>

/** Σ_p g_p·g'_p, over one parameter or over all. */
export function dotOf(a: Gradient, b: Gradient, parameter?: string): number {
  let sum = 0
  for (const [name, values] of a) {
    if (parameter !== undefined && name !== parameter) continue
    const other = b.get(name)!
    for (const [k, value] of values.entries()) sum += value * other[k]!
  }
  return sum
}

export const normOf = (gradient: Gradient): number => Math.sqrt(dotOf(gradient, gradient))

/** The sum of gradients times a factor. */
export function addGradients(gradients: readonly Gradient[], factor: number): Gradient {
  const sum = new Map<string, Float64Array>()
  for (const gradient of gradients) {
    for (const [name, values] of gradient) {
      const own = sum.get(name) ?? new Float64Array(values.length)
      sum.set(
        name,
        own.map((value, k) => value + factor * values[k]!),
      )
    }
  }
  return sum
}

/** The scores of each test example in the order of the training examples, [nTest][nTrain]. */
export function inTrainingOrder({
  scores,
  orderedIndices,
}: {
  readonly scores: NdArray
  readonly orderedIndices: NdArray
}): number[][] {
  const [testCount = 0, trainCount = 0] = scores.shape
  return Array.from({ length: testCount }, (_, test) => {
    const row = new Array<number>(trainCount).fill(NaN)
    for (let place = test * trainCount; place < (test + 1) * trainCount; place++) {
      row[orderedIndices.data[place]!] = scores.data[place]!
    }
    return row
  })
}
