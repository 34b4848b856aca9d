import { sumBySign, type Sign } from '../base/attributions.js'
import { formatPercent } from '../text/format.js'
import { joinList } from '../text/words.js'
import type { TokenAttribution, TokenAttributions } from './token-attributions.js'

/** The sentence names up to this number of words for each sign. */
const namedCount = 3
/** Words with a smaller share of their sign's sum are not named. */
const slightShare = 0.1

/**
 * '“great” and “moving” count most for positive; “dull” counts most against it. 80 % of the
 * attribution is for positive.'
 */
export function describeText({ tokens, target }: TokenAttributions, sign: Sign): string {
  const name = target ?? 'a higher output'
  const words = tokens.filter(({ token }) => token.trim() !== '')
  const { forIt, againstIt } = sumBySign(words.map(({ value }) => value))
  if (forIt + againstIt === 0) return `No word counts for or against ${name}.`
  const forWords = sign === 'negative' ? [] : listStrongest(words, 1, forIt)
  const againstWords = sign === 'positive' ? [] : listStrongest(words, -1, againstIt)
  const count = (named: readonly string[], side: string): string =>
    `${joinList(named)} ${named.length === 1 ? 'counts' : 'count'} most ${side}`
  const hidden = {
    all: '',
    positive: ' The words against it are not shown.',
    negative: ' The words for it are not shown.',
  }
  if (againstWords.length === 0) {
    if (forWords.length === 0)
      return `No word counts ${sign === 'negative' ? 'against' : 'for'} ${name}.${hidden[sign]}`
    const none = sign === 'all' ? '; none counts against it' : ''
    return `${count(forWords, `for ${name}`)}${none}.${hidden[sign]}`
  }
  if (forWords.length === 0) {
    const none = sign === 'all' ? '; none counts for it' : ''
    return `${count(againstWords, `against ${name}`)}${none}.${hidden[sign]}`
  }
  const whole = formatPercent(Math.max(forIt, againstIt) / (forIt + againstIt))
  const side = forIt >= againstIt ? 'for' : 'against'
  return `${count(forWords, `for ${name}`)}; ${count(againstWords, 'against it')}. ${whole} of the attribution is ${side} ${name}.`
}

function listStrongest(words: readonly TokenAttribution[], side: 1 | -1, whole: number): string[] {
  const ordered = words
    .filter(({ value }) => value * side > 0 && value * side >= slightShare * whole)
    .sort((a, b) => (b.value - a.value) * side || a.index - b.index)
  const named = ordered.length > 0 ? ordered : findStrongest(words, side)
  return [...new Set(named.map(({ token }) => `“${token.trim()}”`))].slice(0, namedCount)
}

/** In a long text, every word may have a small share. */
function findStrongest(words: readonly TokenAttribution[], side: 1 | -1): TokenAttribution[] {
  const [most] = words
    .filter(({ value }) => value * side > 0)
    .sort((a, b) => (b.value - a.value) * side || a.index - b.index)
  return most === undefined ? [] : [most]
}
