import type { NdArray } from 'gradlens'
import type { Case } from '../cases.js'

export interface ExampleData {
  readonly description: Case
  readonly weights: readonly NdArray[]
  readonly xTrain: NdArray
  readonly yTrain: NdArray
  /** The explained example. */
  readonly x: NdArray
  readonly y: NdArray
  /** The explained class. */
  readonly target: number
}

export async function loadData(folder: string, description: Case): Promise<ExampleData> {
  const { inputShape, classCount, exampleCount, weightShapes } = description
  const [weights, xTrain, yTrain, x, y] = await Promise.all(
    (['weights', 'x-train', 'y-train', 'x-test', 'y-test'] as const).map((name) =>
      fetchFloats(`${folder}/${name}.bin`),
    ),
  )
  let start = 0
  const weightArrays = weightShapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1)
    start += size
    return { data: weights!.subarray(start - size, start), shape }
  })
  return {
    description,
    weights: weightArrays,
    xTrain: { data: xTrain!, shape: [exampleCount, ...inputShape] },
    yTrain: { data: yTrain!, shape: [exampleCount, classCount] },
    x: { data: x!, shape: [1, ...inputShape] },
    y: { data: y!, shape: [1, classCount] },
    target: y!.indexOf(1),
  }
}

/** Returns the first rows. If there are too few, they repeat. */
export function repeatedRows({ data, shape }: NdArray, exampleCount: number): NdArray {
  const [available = 0, ...rest] = shape
  const width = data.length / available
  const rows = new Float32Array(exampleCount * width)
  for (let row = 0; row < exampleCount; row++) {
    const from = (row % available) * width
    rows.set(data.subarray(from, from + width), row * width)
  }
  return { data: rows, shape: [exampleCount, ...rest] }
}

async function fetchFloats(address: string): Promise<Float32Array> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`${address}: ${response.status}`)
  return new Float32Array(await response.arrayBuffer())
}
