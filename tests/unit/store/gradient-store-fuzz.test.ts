import process from 'node:process'
import { beforeAll, expect, it } from 'vitest'
import {
  checkDamagedStore,
  createFuzzedStores,
  type Outcome,
} from '../../support/stores/fuzzed-stores.js'

const storesPerKind = 80
/** The stores have some kilobytes. */
const mostMemoryMiB = 256

let stores: Awaited<ReturnType<typeof createFuzzedStores>>

beforeAll(async () => {
  stores = await createFuzzedStores()
})

it('returns the stored numbers or an error for any damaged, moved, stale or forged part of a store', async () => {
  const before = process.resourceUsage().maxRSS
  const outcomes: Outcome[] = []
  for (const [kind, store] of stores.entries()) {
    for (let i = 0; i < storesPerKind; i++) {
      outcomes.push(await checkDamagedStore(store, 1 + i + kind * storesPerKind))
    }
  }
  const grownMiB = (process.resourceUsage().maxRSS - before) / 1024
  expect(grownMiB).toBeLessThan(mostMemoryMiB)
  // Both must happen, or the damage would be too small or too large to show anything.
  const refused = outcomes.filter((outcome) => outcome === 'refused').length
  expect(refused).toBeGreaterThan(outcomes.length / 2)
  expect(refused).toBeLessThan(outcomes.length)
}, 60_000)
