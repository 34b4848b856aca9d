import { sumBySign } from '../base/attributions.js'
import { formatPercent } from '../text/format.js'
import type { FeatureSeries, SeriesAttributions } from './series-attributions.js'

/**
 * 'Temperature counts most for rain, most of all at step 12; pressure counts most against it, most
 * of all at step 3. 62 % of the attribution is for rain.'
 */
export function describeSeries({ features, times, target }: SeriesAttributions): string {
  const name = target ?? 'a higher output'
  const { forIt, againstIt } = sumBySign(features.flatMap((each) => [each.forIt, -each.againstIt]))
  if (forIt + againstIt === 0) return `No feature counts for or against ${name} at any time.`
  const most = findGreatest(features, ({ forIt }) => forIt)
  const least = findGreatest(features, ({ againstIt }) => againstIt)
  const at = ({ attributions }: FeatureSeries, sign: 1 | -1): string =>
    times[findStep(attributions, sign)] ?? ''
  const share = formatPercent(Math.max(forIt, againstIt) / (forIt + againstIt))
  const side = forIt >= againstIt ? 'for' : 'against'
  const sum = `${share} of the attribution is ${side} ${name}.`
  if (againstIt === 0) {
    return `${most.name} counts most for ${name}, most of all at ${at(most, 1)}. Nothing counts against it.`
  }
  if (forIt === 0) {
    return `${least.name} counts most against ${name}, most of all at ${at(least, -1)}. Nothing counts for it.`
  }
  return (
    `${most.name} counts most for ${name}, most of all at ${at(most, 1)}; ` +
    `${least.name} counts most against it, most of all at ${at(least, -1)}. ${sum}`
  )
}

function findGreatest(
  features: readonly FeatureSeries[],
  amount: (feature: FeatureSeries) => number,
): FeatureSeries {
  return features.reduce((most, next) => (amount(next) > amount(most) ? next : most))
}

/** The time step of the strongest attribution with this sign. */
export function findStep(attributions: Float64Array, sign: 1 | -1): number {
  let best = 0
  attributions.forEach((value, step) => {
    if (value * sign > (attributions[best] ?? 0) * sign) best = step
  })
  return best
}
