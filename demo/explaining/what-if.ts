/** The scores `grad_dot` of a question: its gradient times that of each training example. */
export interface InnerProducts {
  /** Of all training examples, in any order. */
  readonly scores: ArrayLike<number>
  /** The training example of each score. */
  readonly indices: ArrayLike<number>
}

/**
 * The change of a question's loss if one step of gradient descent on each of some training examples is
 * undone, to first order: rate · Σ g·gⱼ. A step with gradient gⱼ moves the parameters by −rate · gⱼ, so
 * undoing it moves them by +rate · gⱼ, and the loss by g·(rate · gⱼ).
 */
export function estimateLossChange(
  { scores, indices }: InnerProducts,
  undone: ReadonlySet<number>,
  rate: number,
): number {
  let sum = 0
  for (let rank = 0; rank < scores.length; rank++) {
    if (undone.has(indices[rank]!)) sum += scores[rank]!
  }
  return rate * sum
}

/** The mean change for as many training examples, taken at random. */
export function estimateMeanLossChange(
  { scores }: InnerProducts,
  count: number,
  rate: number,
): number {
  const sum = Array.from(scores).reduce((total, score) => total + score, 0)
  return (rate * count * sum) / scores.length
}

/** The probability p = exp(−loss) of the explained class after the cross-entropy has changed. */
export const changeProbability = (probability: number, lossChange: number): number =>
  Math.min(1, probability * Math.exp(-lossChange))

/**
 * The value of a regression after the squared error (value − truth)² has changed, to first order:
 * value + change / 2(value − truth).
 */
export const changeValue = (value: number, truth: number, lossChange: number): number =>
  value === truth ? value : value + lossChange / (2 * (value - truth))
