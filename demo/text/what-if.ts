import { formatFixed, formatTablePercent } from 'gradlens/elements'
import { changeProbability, changeValue } from '../explaining/what-if.js'

export interface WhatIf {
  /** How many of the most similar training examples are unlearned. */
  readonly count: number
  /** The learning rate of the steps that are undone. */
  readonly rate: number
  /** The change of the question's loss without them, and for as many others on average. */
  readonly lossChange: number
  readonly meanLossChange: number
  readonly noun: { readonly one: string; readonly many: string }
}

/** What the probability of the prediction would be: 'would take the probability of 1 from 64.8 % to 55.8 %'. */
export function describeProbabilityWithout(
  whatIf: WhatIf,
  { name, probability }: { readonly name: string; readonly probability: number },
): string {
  return describe(whatIf, {
    subject: `the probability of ${name}`,
    before: formatTablePercent(probability),
    after: formatTablePercent(changeProbability(probability, whatIf.lossChange)),
    others: formatTablePercent(changeProbability(probability, whatIf.meanLossChange)),
  })
}

/** What the value of a regression would be. */
export function describeValueWithout(
  whatIf: WhatIf,
  { value, truth, unit }: { readonly value: number; readonly truth: number; readonly unit: string },
): string {
  const format = (number: number): string => `${formatFixed(number, 2)} ${unit}`
  return describe(whatIf, {
    subject: 'the guess',
    before: format(value),
    after: format(changeValue(value, truth, whatIf.lossChange)),
    others: format(changeValue(value, truth, whatIf.meanLossChange)),
  })
}

function describe(
  { count, rate, noun: { many } }: WhatIf,
  {
    subject,
    before,
    after,
    others,
  }: Readonly<Record<'subject' | 'before' | 'after' | 'others', string>>,
): string {
  const step = `Undoing one training step (rate ${rate}) on each of the ${count} most similar ${many}`
  if (before === after) {
    return (
      `${step} would leave ${subject} at ${before}: the model fits them so well that ` +
      'a step on them changes next to nothing.'
    )
  }
  const rest =
    others === before
      ? `On ${count} others taken at random, it would stay the same on average.`
      : `On ${count} others taken at random, it would be ${others} on average.`
  return `${step} would take ${subject} from ${before} to ${after}. ${rest}`
}
