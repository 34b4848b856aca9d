import { totalsOf, type Sign } from '../base/attributions.js'
import { formatPercent } from '../text/format.js'
import { capitalize, joinList } from '../text/words.js'
import type { TokenAttribution, TokenAttributions } from './token-attributions.js'

/** How many words the sentence names on each side. */
const namedCount = 3
/** A word with less than that share of its side is not worth naming. */
const slightShare = 0.1

/** '“great”, “moving” and “fine” speak most for positive; “dull” most against it.' */
export function textSentence({ tokens, target }: TokenAttributions, sign: Sign): string {
  const name = target ?? 'a higher output'
  const words = tokens.filter(({ token }) => token.trim() !== '')
  const { forIt, againstIt } = totalsOf(words.map(({ value }) => value))
  if (forIt + againstIt === 0) return `No word speaks for or against ${name}.`
  const forWords = sign === 'negative' ? [] : strongest(words, 1, forIt)
  const againstWords = sign === 'positive' ? [] : strongest(words, -1, againstIt)
  const speak = (named: readonly string[], side: string): string =>
    `${joinList(named)} ${named.length === 1 ? 'speaks' : 'speak'} most ${side}`
  const hidden = {
    all: '',
    positive: ' What speaks against it is not shown.',
    negative: ' What speaks for it is not shown.',
  }
  if (againstWords.length === 0) {
    if (forWords.length === 0)
      return `No word speaks ${sign === 'negative' ? 'against' : 'for'} ${name}.${hidden[sign]}`
    const none = sign === 'all' ? '; none speaks against it' : ''
    return `${capitalize(speak(forWords, `for ${name}`))}${none}.${hidden[sign]}`
  }
  if (forWords.length === 0) {
    const none = sign === 'all' ? '; none speaks for it' : ''
    return `${capitalize(speak(againstWords, `against ${name}`))}${none}.${hidden[sign]}`
  }
  const whole = formatPercent(Math.max(forIt, againstIt) / (forIt + againstIt))
  const side = forIt >= againstIt ? 'for' : 'against'
  return `${speak(forWords, `for ${name}`)}; ${speak(againstWords, 'against it')}. ${whole} of all speaks ${side} it.`
}

function strongest(words: readonly TokenAttribution[], side: 1 | -1, whole: number): string[] {
  const ordered = words
    .filter(({ value }) => value * side > 0 && value * side >= slightShare * whole)
    .sort((a, b) => (b.value - a.value) * side || a.index - b.index)
  const named = ordered.length > 0 ? ordered : strongestAlone(words, side)
  return [...new Set(named.map(({ token }) => `“${token.trim()}”`))].slice(0, namedCount)
}

/** In a long text each word may have little of the whole. */
function strongestAlone(words: readonly TokenAttribution[], side: 1 | -1): TokenAttribution[] {
  const [most] = words
    .filter(({ value }) => value * side > 0)
    .sort((a, b) => (b.value - a.value) * side || a.index - b.index)
  return most === undefined ? [] : [most]
}
