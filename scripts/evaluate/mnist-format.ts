import type * as tf from '@tensorflow/tfjs'
import type { NdArray } from '../../src/index.js'

/** Reads the tensor's numbers and disposes it. */
export async function toArray(tensor: tf.Tensor): Promise<NdArray> {
  const data = (await tensor.data()) as Float32Array
  tensor.dispose()
  return { data, shape: tensor.shape }
}

/** Returns the index of the greatest number in each row. */
export function argMax({ data, shape }: NdArray): NdArray {
  const [exampleCount = 0, width = 1] = shape
  const indices = Int32Array.from({ length: exampleCount }, (_, i) => {
    const row = [...data.subarray(i * width, (i + 1) * width)]
    return row.indexOf(Math.max(...row))
  })
  return { data: indices, shape: [exampleCount] }
}

/** Formats with three significant digits. */
export function formatFigure(value: number): string {
  if (Math.abs(value) >= 0.001 || value === 0) return value.toFixed(3)
  return value.toExponential(1)
}

/** Returns a Markdown table. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n')
}
