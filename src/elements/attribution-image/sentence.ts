import { sumBySign, type Sign } from '../base/attributions.js'
import { formatPercent } from '../text/format.js'
import { sumRegions, type Region } from './regions.js'
import type { SignedMap } from './signed-map.js'

/**
 * Describes a map by its regions: 'On balance, the upper right counts most for 8, and the lower
 * left counts most against it. 62 % of the attribution is for 8.'
 */
export function describeMap({ values, width, height, target }: SignedMap, sign: Sign): string {
  const regions = sumRegions(values, width, height)
  const { forIt, againstIt } = sumBySign(values)
  const name = target ?? 'a higher output'
  if (sign === 'positive') {
    if (forIt === 0) return `No pixel counts for ${name}.`
    const place = findGreatest(regions, (region) => region.forIt).name
    return `The ${place} counts most for ${name}. The pixels against it are not shown.`
  }
  if (sign === 'negative') {
    if (againstIt === 0) return `No pixel counts against ${name}.`
    const place = findGreatest(regions, (region) => region.againstIt).name
    return `The ${place} counts most against ${name}. The pixels for it are not shown.`
  }
  if (forIt === 0 && againstIt === 0) return `No pixel counts for or against ${name}.`
  return `${describeBalance(regions, name)} ${describeShare(forIt, againstIt, name)}`
}

/**
 * The regions with the greatest sums of each sign. Sums, because single pixels of both signs are
 * often strongest in the same region.
 */
function describeBalance(regions: readonly Region[], name: string): string {
  const net = ({ forIt, againstIt }: Region): number => forIt - againstIt
  const most = findGreatest(regions, net)
  const least = findGreatest(regions, (region) => -net(region))
  if (net(most) <= 0 && net(least) >= 0) {
    return `In each part of the picture, the pixels for and against ${name} cancel out.`
  }
  if (net(least) >= 0) {
    return `On balance, the ${most.name} counts most for ${name}, and no part counts against it.`
  }
  if (net(most) <= 0) {
    return `On balance, the ${least.name} counts most against ${name}, and no part counts for it.`
  }
  return (
    `On balance, the ${most.name} counts most for ${name}, ` +
    `and the ${least.name} counts most against it.`
  )
}

function describeShare(forIt: number, againstIt: number, name: string): string {
  const whole = forIt + againstIt
  const [side, share] = forIt >= againstIt ? ['for', forIt / whole] : ['against', againstIt / whole]
  return `${formatPercent(share)} of the attribution is ${side} ${name}.`
}

function findGreatest(regions: readonly Region[], amount: (region: Region) => number): Region {
  return regions.reduce((most, next) => (amount(next) > amount(most) ? next : most))
}
