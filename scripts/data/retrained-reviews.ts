/**
 * Trains the demo's network for reviews on 30 random halves of its sentences, and writes minus the losses
 * of 100 held-out sentences to tests/fixtures/retrained-reviews.json:
 *
 *     npm run data:retrained
 */
import { writeFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { readReviews } from '../evaluate/influence/cases.js'
import { retrainOnSubsets } from '../evaluate/influence/retrain.js'
import { registerRepairs } from '../train/loop.js'

const MODEL_COUNT = 30
const TARGET = 'tests/fixtures/retrained-reviews.json'

registerRepairs()
await tf.setBackend('wasm')
const { outputs } = retrainOnSubsets(readReviews(), MODEL_COUNT)
const rows = outputs.map((row) => [...row].map((output) => Number(output.toFixed(4))))
writeFileSync(TARGET, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
