import { createSignedFormat } from '../text/format.js'
import { spellCount } from '../text/words.js'
import { byMagnitude, type FeatureAttributions } from './feature-attributions.js'

/** 'Most against a higher output speaks weight (−3.2); most for it, year (+2.1). The other five add up to +0.4.' */
export function featuresSentence({ features, target }: FeatureAttributions): string {
  const name = target ?? 'a higher output'
  const finite = byMagnitude(features).filter(({ attribution }) => Number.isFinite(attribution))
  const format = createSignedFormat(finite.map(({ attribution }) => attribution))
  const strongest = finite[0]
  if (strongest === undefined || strongest.attribution === 0) {
    return `No feature speaks for or against ${name}.`
  }
  const isFor = strongest.attribution > 0
  const opposed = finite.find(({ attribution }) => (isFor ? attribution < 0 : attribution > 0))
  const [side, other] = isFor ? ['for', 'against'] : ['against', 'for']
  const first = `Most ${side} ${name} speaks ${strongest.name} (${format(strongest.attribution)})`
  const second =
    opposed === undefined
      ? `; none speaks ${other} it`
      : `; most ${other} it, ${opposed.name} (${format(opposed.attribution)})`
  const rest = finite.filter((feature) => feature !== strongest && feature !== opposed)
  if (rest.length === 0) return `${first}${second}.`
  const sum = rest.reduce((total, { attribution }) => total + attribution, 0)
  const others =
    rest.length === 1 ? 'The other one adds' : `The other ${spellCount(rest.length)} add up to`
  return `${first}${second}. ${others} ${format(sum)}.`
}
