import { totalsOf, type Sign } from '../base/attributions.js'
import { capitalize } from '../text/words.js'
import { regionsOf, type Region } from './regions.js'
import type { SignedMap } from './signed-map.js'

/** Below this share of the whole, what speaks for or against is not worth a sentence. */
const slightShare = 0.02

/** 'What speaks most for 8 lies in the upper right; what speaks most against it, in the lower left.' */
export function mapSentence({ values, width, height, target }: SignedMap, sign: Sign): string {
  const regions = regionsOf(values, width, height)
  const { forIt, againstIt } = totalsOf(values)
  const whole = forIt + againstIt
  const name = target ?? 'a higher output'
  const forPlace = greatest(regions, (region) => region.forIt)
  const againstPlace = greatest(regions, (region) => region.againstIt)
  if (whole === 0) return `No pixel speaks for or against ${name}.`
  if (sign === 'positive') {
    if (forIt === 0) return `No pixel speaks for ${name}.`
    return `What speaks most for ${name} lies ${forPlace}; what speaks against it is not shown.`
  }
  if (sign === 'negative') {
    if (againstIt === 0) return `No pixel speaks against ${name}.`
    return `What speaks most against ${name} lies ${againstPlace}; what speaks for it is not shown.`
  }
  if (againstIt < slightShare * whole) {
    return `What speaks most for ${name} lies ${forPlace}; hardly anything speaks against it.`
  }
  if (forIt < slightShare * whole) {
    return `Hardly anything speaks for ${name}; what speaks most against it lies ${againstPlace}.`
  }
  const most = `what speaks most for ${name} lies ${forPlace}`
  if (forPlace === againstPlace) {
    return capitalize(`${most}, and so does what speaks most against it.`)
  }
  return capitalize(`${most}; what speaks most against it, ${againstPlace}.`)
}

function greatest(regions: readonly Region[], amount: (region: Region) => number): string {
  return regions.reduce((most, next) => (amount(next) > amount(most) ? next : most)).name
}
