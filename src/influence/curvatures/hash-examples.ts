import type { ModelCall } from '../../explainers/session/model-session.js'
import type { TrainingRows } from '../../explainers/similarity/training-rows.js'
import type { NdArray } from '../../ndarray.js'
import { createSha256 } from '../../store/zarr/format/sha256.js'

/** How many examples are read at once. */
const rowsAtOnce = 64

/** Returns a hash of examples and their labels, by which a store knows what a curvature was estimated from. */
export async function hashExamples<Value>(
  rows: TrainingRows,
  call: ModelCall<Value>,
): Promise<string> {
  const hash = await createSha256()
  const update = ({ data }: NdArray): void => {
    const { buffer, byteOffset, byteLength } = Float64Array.from(data)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  for (let start = 0; start < rows.exampleCount; start += rowsAtOnce) {
    const { x, y } = await rows.read(start, Math.min(start + rowsAtOnce, rows.exampleCount))
    for (const array of [...x, y, ...(y.factors === undefined ? [] : [y.factors])]) update(array)
    await call.pause()
  }
  return `sha256:${hash.digestHex()}`
}
