import { sumBySign, type Sign } from '../base/attributions.js'
import { createSignedFormat, formatPercent } from '../text/format.js'
import { sumRegions, type Region } from './regions.js'
import type { SignedMap } from './signed-map.js'

/**
 * The share of all regions' sums that a region must have to be named: one and a half times the share
 * of each of nine equal regions.
 */
const standoutShare = 1.5 / 9

/**
 * Describes a map by its regions: 'The upper right counts most for 8 (+0.41), and the lower left
 * counts most against it (−0.12). 62 % of the attribution is for 8.'
 */
export function describeMap(
  { values, width, height, target, unit }: SignedMap,
  sign: Sign,
): string {
  const regions = sumRegions(values, width, height)
  const { forIt, againstIt } = sumBySign(values)
  const name = target ?? 'a higher output'
  if (sign === 'positive') {
    if (forIt === 0) return `No ${unit} counts for ${name}.`
    const place = findGreatest(regions, (region) => region.forIt).name
    return `The ${place} counts most for ${name}. The ${unit}s against it are not shown.`
  }
  if (sign === 'negative') {
    if (againstIt === 0) return `No ${unit} counts against ${name}.`
    const place = findGreatest(regions, (region) => region.againstIt).name
    return `The ${place} counts most against ${name}. The ${unit}s for it are not shown.`
  }
  if (forIt === 0 && againstIt === 0) return `No ${unit} counts for or against ${name}.`
  return `${describeBalance(regions, name, unit)} ${describeShare(forIt, againstIt, name)}`
}

/**
 * The regions with the greatest sums of each sign, and their sums. Sums, because single pixels of
 * both signs are often strongest in the same region.
 */
function describeBalance(
  regions: readonly Region[],
  name: string,
  unit: SignedMap['unit'],
): string {
  const net = ({ forIt, againstIt }: Region): number => forIt - againstIt
  const most = findGreatest(regions, net)
  const least = findGreatest(regions, (region) => -net(region))
  const format = createSignedFormat(regions.map(net))
  const whole = regions.reduce((sum, region) => sum + Math.abs(net(region)), 0)
  const strongest = net(most) >= -net(least) ? most : least
  if (whole === 0)
    return `In each part of the picture, the ${unit}s for and against ${name} cancel out.`
  const share = Math.abs(net(strongest)) / whole
  if (share < standoutShare) {
    return (
      `No part of the picture stands out: the strongest, the ${strongest.name}, has ${formatPercent(share)} of ` +
      `what counts for or against ${name}.`
    )
  }
  if (net(least) >= 0) {
    return `The ${most.name} counts most for ${name} (${format(net(most))}), and no part counts against it.`
  }
  if (net(most) <= 0) {
    return `The ${least.name} counts most against ${name} (${format(net(least))}), and no part counts for it.`
  }
  return (
    `The ${most.name} counts most for ${name} (${format(net(most))}), ` +
    `and the ${least.name} counts most against it (${format(net(least))}).`
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
