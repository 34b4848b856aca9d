import { type CurvatureName, curvatureNames } from '../../../curvature/curvature-options.js'
import { isGradlensError } from '../../../errors.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import { compareIdentities, type StoreIdentity } from '../format/store-identity.js'
import { type DamagedChunk, isDamage } from '../reading/check-chunks.js'
import { curvatureFolder, listCurvatureArrays } from './curvature-header.js'
import { readCurvature } from './read-curvature.js'

/** What was found in the curvatures of a store. */
export interface VerifiedCurvatures {
  readonly names: readonly CurvatureName[]
  readonly chunkCount: number
  readonly damaged: readonly DamagedChunk[]
}

/**
 * Reads all curvatures of a store. Of a damaged one, the first damage is reported.
 *
 * @param identity that of the store's gradients
 * @throws StoreError if the store can't be reached
 */
export async function verifyCurvatures(
  store: ByteStore,
  identity: StoreIdentity,
  signal: AbortSignal | undefined,
): Promise<VerifiedCurvatures> {
  const names: CurvatureName[] = []
  const damaged: DamagedChunk[] = []
  let chunkCount = 0
  for (const name of curvatureNames) {
    try {
      const stored = await readCurvature(store, name, Infinity, signal)
      if (stored === undefined) continue
      names.push(name)
      chunkCount += listCurvatureArrays(stored.header).length
      const [difference] = compareIdentities(identity, stored.header.identity)
      if (difference === undefined) continue
      damaged.push({
        array: curvatureFolder(name),
        chunk: 0,
        failure: 'damaged',
        message: `The curvature '${name}' of the store is not that of its gradients: ${difference}.`,
      })
    } catch (error) {
      signal?.throwIfAborted()
      if (!isGradlensError(error, 'StoreError') || !isDamage(error)) throw error
      const { array = curvatureFolder(name), failure, message } = error
      const kind = failure === 'missing' ? failure : 'damaged'
      damaged.push({ array, chunk: 0, failure: kind, message })
      chunkCount++
    }
  }
  return { names, chunkCount, damaged }
}
