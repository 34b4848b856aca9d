import type { GradientContext } from '../../explainers/similarity/training-set.js'
import { type CurvatureBlock, hasInputBasis } from '../../curvature/curvature-block.js'
import { StoreError } from '../../errors.js'
import { assertSameModel, readModelIdentity } from '../../explainers/session/model-identity.js'
import type { ModelCall } from '../../explainers/session/model-session.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { ByteStore } from '../../store/bytes/byte-store.js'
import { curvatureKey } from '../../store/zarr/curvature/curvature-header.js'
import { readCurvature, readCurvatureHeader } from '../../store/zarr/curvature/read-curvature.js'
import { compareIdentities } from '../../store/zarr/format/store-identity.js'
import { type CurvatureOrigin, FittedCurvature } from './fitted-curvature.js'
import type { InfluenceSettings } from '../influence-options.js'

/**
 * Reads the curvature of the explainer's own store; undefined if there is none of this model from these examples.
 *
 * @throws StoreError if it is damaged
 */
export async function readStored<Value>(
  store: ByteStore,
  { curvature, uncovered, inputRank, maxBytes }: InfluenceSettings,
  { call, loss }: Pick<GradientContext<Value>, 'call' | 'loss'>,
  origin: CurvatureOrigin,
): Promise<FittedCurvature<Value> | undefined> {
  const header = await readCurvatureHeader(store, curvature, call.signal)
  if (header === undefined) return undefined
  const isSame =
    header.seed === origin.seed &&
    header.exampleCount === origin.exampleCount &&
    header.examplesHash === origin.examplesHash &&
    // Other choices for uncovered parameters give another curvature.
    header.blocks.every(
      ({ rule }) => rule === curvature || rule === uncovered || !isCoarse(rule),
    ) &&
    compareIdentities(await readModelIdentity(call, loss), header.identity).length === 0
  if (!isSame) return undefined
  const stored = await readCurvature(store, curvature, maxBytes, call.signal)
  const hasRanks = stored?.curvature.blocks.every((block) => hasInputs(block, inputRank)) ?? false
  return stored && hasRanks ? FittedCurvature.fromStore(stored, loss) : undefined
}

/** True if a block has as many input eigenvectors as were asked for, or all those with curvature. */
function hasInputs(block: CurvatureBlock, asked: number): boolean {
  const { rows, columns, inputRank = rows, eigenvalues } = block
  if (!hasInputBasis(block)) return true
  const most = Math.min(asked, rows)
  if (inputRank >= most) return inputRank === most
  return eigenvalues!.subarray(inputRank * columns).every((value) => value === 0)
}

/**
 * Reads the curvature of a store that the page chose.
 *
 * @throws StoreError if it has none of this name, or one of another model, or a damaged one
 */
export async function readGiven<Value>(
  store: ByteStore,
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  { curvature, maxBytes }: InfluenceSettings,
): Promise<FittedCurvature<Value>> {
  const stored = await readCurvature(store, curvature, maxBytes, call.signal)
  call.check()
  if (stored === undefined) {
    const key = curvatureKey(curvature)
    throw new StoreError(
      'missing',
      `The curvatureStore has no curvature '${curvature}': there is no ${store.locate?.(key) ?? key}. Write it with ` +
        'fitCurvature of an explainer with this store, or leave curvatureStore out.',
    )
  }
  await assertSameModel(call, loss, stored.header.identity)
  return FittedCurvature.fromStore(stored, loss)
}

const isCoarse = (rule: string): boolean => rule === 'diagonal' || rule === 'identity'

/** What `open` was asked for, where the options say so. */
export interface AskedCurvature {
  readonly fisher: InfluenceSettings['fisher'] | undefined
  readonly seed: number | undefined
}

/**
 * Reads the curvature of a store of training gradients; undefined if there is none of this name.
 *
 * @throws StoreError if it is damaged, or was estimated in another way than asked for
 */
export async function openStored<Value>(
  store: ByteStore,
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  { curvature, maxBytes }: InfluenceSettings,
  asked: AskedCurvature,
): Promise<FittedCurvature<Value> | undefined> {
  const stored = await readCurvature(store, curvature, maxBytes, call.signal)
  call.check()
  if (stored === undefined) return undefined
  const { seed } = stored.header
  const fisher = seed === null ? 'empirical' : 'true'
  const found = [
    ...(asked.fisher !== undefined && asked.fisher !== fisher
      ? [`fisher '${fisher}', not '${asked.fisher}'`]
      : []),
    ...(asked.seed !== undefined && seed !== null && asked.seed !== seed
      ? [`seed ${seed}, not ${asked.seed}`]
      : []),
  ]
  if (found.length === 0) return FittedCurvature.fromStore(stored, loss)
  throw new StoreError(
    'different',
    `The curvature '${curvature}' of the store was estimated with ${found.join(' and ')}. Leave these options out to use ` +
      'it, or call fitCurvature of an explainer of another store.',
  )
}
