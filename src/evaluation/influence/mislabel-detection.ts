import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { assertFinite, type NdArray } from '../../ndarray.js'
import { assertKnownKeys } from '../../options.js'

/** Options of mislabelDetection. */
export interface MislabelDetectionOptions {
  /**
   * The shares of the training examples that are checked, the most suspect first. Default
   * 0.05, 0.1, 0.2, 0.3 and 0.5.
   */
  readonly checked?: readonly number[] | undefined
}

/** The result of mislabelDetection. */
export interface MislabelDetectionData {
  /**
   * The area under the ROC curve: the probability that a mislabelled example is more suspect than a
   * correctly labelled one. Equal scores count half. 1 is best; 0.5 is chance.
   */
  readonly area: number
  /** The shares of the training examples checked. */
  readonly checked: readonly number[]
  /** For each of them, the share of all mislabelled examples that is among the checked ones. */
  readonly found: readonly number[]
}

/**
 * Measures how well scores of suspicion find wrong labels: scores of training examples some of whose
 * labels were changed on purpose.
 *
 * The shares found are those of Koh and Liang (2017), "Understanding black-box predictions via
 * influence functions", section 5.4. With equal scores, the lower index is checked first.
 *
 * @param suspicions [n]: a score per training example; the higher, the more suspect
 * @param isMislabelled [n]: 1 for a wrong label, 0 for a right one
 * @throws InvalidArgumentError for arrays that don't match, or if no label or every label is wrong;
 *   NonFiniteError
 * @example
 * const { area, found } = await mislabelDetection(selfInfluences, isFlipped, {
 *   checked: [0.2],
 * })
 */
export async function mislabelDetection(
  suspicions: ArrayInput,
  isMislabelled: ArrayInput,
  options: MislabelDetectionOptions = {},
): Promise<MislabelDetectionData> {
  assertKnownKeys('options', options, ['checked'])
  const checked = readShares(options.checked ?? [0.05, 0.1, 0.2, 0.3, 0.5])
  const scores = await toNdArray('suspicions', suspicions)
  if (scores.shape.length !== 1) {
    throw new InvalidArgumentError(
      'suspicions',
      `shape [${scores.shape.join(', ')}]`,
      'a score per training example, shape [n]',
    )
  }
  assertFinite('suspicions', scores, 'Leave that example out of both arrays.')
  const isWrong = await readFlags(isMislabelled, scores.data.length)
  return {
    area: computeRocArea(scores.data, isWrong),
    checked,
    found: countFound(scores.data, isWrong, checked),
  }
}

function readShares(shares: readonly number[]): readonly number[] {
  for (const [i, share] of shares.entries()) {
    if (share > 0 && share <= 1) continue
    throw new InvalidArgumentError(`checked[${i}]`, `${share}`, 'a share above 0, at most 1')
  }
  return [...shares]
}

async function readFlags(value: ArrayInput, exampleCount: number): Promise<Uint8Array> {
  const argument = 'isMislabelled'
  const { data, shape } = await toNdArray(argument, value)
  if (shape.length !== 1 || data.length !== exampleCount) {
    throw new InvalidArgumentError(
      argument,
      `shape [${shape.join(', ')}]`,
      `shape [${exampleCount}], one number per score`,
    )
  }
  const at = data.findIndex((flag) => flag !== 0 && flag !== 1)
  if (at >= 0) throw new InvalidArgumentError(argument, `${data[at]!} at [${at}]`, '0 or 1')
  const wrongCount = data.filter((flag) => flag === 1).length
  if (wrongCount > 0 && wrongCount < exampleCount) return Uint8Array.from(data)
  throw new InvalidArgumentError(
    argument,
    `${wrongCount} wrong labels of ${exampleCount}`,
    'both wrong and right labels, because the two are compared',
  )
}

/** The Mann–Whitney statistic over the number of pairs: the area under the ROC curve. */
function computeRocArea(scores: NdArray['data'], isWrong: Uint8Array): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!)
  let rightBelow = 0
  let wins = 0
  let wrongCount = 0
  for (let first = 0; first < order.length;) {
    let end = first
    let wrongHere = 0
    while (end < order.length && scores[order[end]!] === scores[order[first]!]) {
      wrongHere += isWrong[order[end]!]!
      end++
    }
    const rightHere = end - first - wrongHere
    wins += wrongHere * (rightBelow + rightHere / 2)
    rightBelow += rightHere
    wrongCount += wrongHere
    first = end
  }
  return wins / (wrongCount * rightBelow)
}

function countFound(
  scores: NdArray['data'],
  isWrong: Uint8Array,
  shares: readonly number[],
): number[] {
  const order = Uint32Array.from(scores, (_, i) => i).sort(
    (i, j) => scores[j]! - scores[i]! || i - j,
  )
  const wrongCount = isWrong.reduce((sum, flag) => sum + flag, 0)
  return shares.map((share) => {
    // A share of 0.07 of 100 examples is 7 of them, although 0.07 · 100 is 7.000000000000001.
    const checkedCount = Math.ceil(share * order.length - 1e-9)
    const found = order.subarray(0, checkedCount).reduce((sum, i) => sum + isWrong[i]!, 0)
    return found / wrongCount
  })
}
