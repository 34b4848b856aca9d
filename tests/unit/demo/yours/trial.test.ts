import { expect, test } from 'vitest'
import { findBetter, type Trial } from '../../../../demo/yours/workshop/trial.js'

const indices = Array.from({ length: 20 }, (_, index) => index)
const right = (rightCount: number | null): Trial => ({
  indices,
  answers: indices,
  rightCount,
  meanError: null,
})
const off = (meanError: number): Trial => ({ ...right(null), meanError })

test.each([
  ['a fifth of the examples more right', [right(10), right(14), right(12)], 0, 1],
  ['fewer than a fifth more right', [right(10), right(13)], 0, undefined],
  ['the chosen one the best', [right(3), right(19)], 1, undefined],
  ['half the error', [off(4), off(3), off(2)], 0, 2],
  ['more than half the error', [off(4), off(2.1)], 0, undefined],
  ['no error already', [off(0), off(0)], 0, undefined],
  ['no labels', [right(null), right(null)], 0, undefined],
  ['no choice yet', [right(1), right(20)], -1, undefined],
])('finds the much better scaling of trials with %s', (_, trials, chosen, better) => {
  expect(findBetter(trials, chosen)).toBe(better)
})
