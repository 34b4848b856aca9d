import { createSignedFormat } from '../text/format.js'
import { spellCount } from '../text/words.js'
import { sortByMagnitude, type FeatureAttributions } from './feature-attributions.js'

/**
 * 'The feature that counts most against a higher output is weight (−3.2); year (+2.1) counts most
 * for it. The other five add up to +0.4.'
 */
export function describeFeatures({ features, target }: FeatureAttributions): string {
  const name = target ?? 'a higher output'
  const finite = sortByMagnitude(features).filter(({ attribution }) => Number.isFinite(attribution))
  const format = createSignedFormat(finite.map(({ attribution }) => attribution))
  const strongest = finite[0]
  if (strongest === undefined || strongest.attribution === 0) {
    return `No feature counts for or against ${name}.`
  }
  const isFor = strongest.attribution > 0
  const opposed = finite.find(({ attribution }) => (isFor ? attribution < 0 : attribution > 0))
  const [side, other] = isFor ? ['for', 'against'] : ['against', 'for']
  const first = `The feature that counts most ${side} ${name} is ${strongest.name} (${format(strongest.attribution)})`
  const second =
    opposed === undefined
      ? `; none counts ${other} it`
      : `; ${opposed.name} (${format(opposed.attribution)}) counts most ${other} it`
  const rest = finite.filter((feature) => feature !== strongest && feature !== opposed)
  if (rest.length === 0) return `${first}${second}.`
  const sum = rest.reduce((total, { attribution }) => total + attribution, 0)
  const others =
    rest.length === 1 ? 'The other one adds' : `The other ${spellCount(rest.length)} add up to`
  return `${first}${second}. ${others} ${format(sum)}.`
}
