import type { TrainingBatch, TrainingRows } from '../../explainers/similarity/training-rows.js'
import type { Labels } from '../../losses/labels.js'
import { concatenateRows } from '../../ndarray.js'

/** Returns some of the training examples, evenly spread over all of them: those of indices ⌊k n / count⌋. */
export function spreadRows(rows: TrainingRows, count: number): TrainingRows {
  const { exampleCount } = rows
  if (count >= exampleCount) return rows
  return {
    exampleCount: count,
    isRaw: rows.isRaw,
    async read(start, end) {
      const parts: TrainingBatch[] = []
      for (let k = start; k < end; k++) {
        const index = Math.floor((k * exampleCount) / count)
        parts.push(await rows.read(index, index + 1))
      }
      const factors = parts.flatMap(({ y }) => (y.factors === undefined ? [] : [y.factors]))
      const y: Labels = {
        ...concatenateRows(parts.map((part) => part.y)),
        factors: factors.length === 0 ? undefined : concatenateRows(factors),
      }
      const x = parts[0]!.x.map((_, input) => concatenateRows(parts.map((part) => part.x[input]!)))
      return { x, y, ids: undefined }
    },
  }
}
