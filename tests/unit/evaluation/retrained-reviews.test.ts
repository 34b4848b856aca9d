import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, expect, it } from 'vitest'
import { readReviews } from '../../../scripts/evaluate/influence/cases.js'
import { measureDatamodeling } from '../../../scripts/evaluate/influence/datamodeling.js'
import { drawSubset } from '../../../scripts/evaluate/influence/retrain.js'
import { registerRepairs } from '../../../scripts/train/loop.js'

/** Minus the losses of 30 networks that `npm run data:retrained` trained on halves of the examples. */
const outputs = (
  JSON.parse(readFileSync('tests/fixtures/retrained-reviews.json', 'utf8')) as number[][]
).map((row) => Float32Array.from(row))

beforeAll(async () => {
  registerRepairs()
  await tf.setBackend('wasm')
})

it('EK-FAC predicts networks trained on other examples clearly better than gradients do', async () => {
  const given = readReviews()
  const subsets = outputs.map((_, k) => drawSubset(given.labels.length, k))
  const scores = await measureDatamodeling(given, { subsets, outputs })
  const scoreOf = Object.fromEntries(scores.map(({ method, score }) => [method, score]))
  const ekfac = scoreOf['`InfluenceFunctions`, EK-FAC']!
  for (const gradients of ['`grad_dot`', '`grad_cos`']) {
    expect(ekfac - scoreOf[gradients]!).toBeGreaterThan(0.1)
  }
  expect(ekfac).toBeGreaterThan(0.35)
})
