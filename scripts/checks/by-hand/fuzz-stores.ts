/**
 * Damages gradient stores at random. Checks that each one returns the stored numbers or an error of
 * the library:
 *
 *     npx tsx scripts/checks/by-hand/fuzz-stores.ts [COUNT] [SEED]
 *
 * Prints the first seed, and each failure with the seed that repeats it.
 */
import process from 'node:process'
import {
  checkDamagedStore,
  createFuzzedStores,
} from '../../../tests/support/stores/fuzzed-stores.js'

const [count = '10000', seed = `${Math.floor(Math.random() * 2 ** 31)}`] = process.argv.slice(2)
console.log(`${count} damaged stores, from seed ${seed}`)
const stores = await createFuzzedStores()
const outcomes = { refused: 0, right: 0, wrong: 0 }
for (let i = 0; i < Number(count); i++) {
  try {
    outcomes[await checkDamagedStore(stores[i % stores.length]!, Number(seed) + i)]++
  } catch (error) {
    outcomes.wrong++
    console.error(error)
  }
}
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(outcomes, `${peakMiB} MiB at the peak`)
process.exitCode = outcomes.wrong === 0 ? 0 : 1
