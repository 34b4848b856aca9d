/**
 * Measures what explaining one example costs beyond its own work, on wasm in Node, one thread, for
 * the models of the benchmark: `npx tsx scripts/measure/explain.ts [--models notebook,small,mlp]`.
 * "Pass" computes the example's gradient in the layout in which it is compared, and "scan" ranks all
 * training gradients, both with the library's own parts; they take turns with whole explanations. It takes
 * medians of processor time, so that other programs matter less.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { caseNames, writeCase } from '../../bench/cases.js'
import { createModel } from '../../bench/page/model.js'
import type { DeviceGradients } from '../../src/compute/gradient-backend.js'
import { openBackend } from '../../src/compute/open-backend.js'
import { positionLoss, readLoss } from '../../src/losses/loss.js'
import { rows } from '../../src/ndarray.js'

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: caseNames.join(',') },
    rounds: { type: 'string', default: '15' },
  },
})
const rounds = Number(values.rounds)
const lossName = 'categoricalCrossentropy'

await tf.setBackend('wasm')
for (const name of values.models.split(',')) await measureModel(name)

async function measureModel(name: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-explain-'))
  const description = writeCase(name, folder)
  const { inputShape, classCount, exampleCount, weightShapes } = description
  const read = (file: string, count: number, shape: readonly number[]): NdArray => ({
    data: new Float32Array(new Uint8Array(readFileSync(path.join(folder, `${file}.bin`))).buffer),
    shape: [count, ...shape],
  })
  const xTrain = read('x-train', exampleCount, inputShape)
  const yTrain = read('y-train', exampleCount, [classCount])
  const [x, y] = [read('x-test', 1, inputShape), read('y-test', 1, [classCount])]
  const { data } = read('weights', 1, [])
  let start = 0
  const weights = weightShapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1)
    return { data: data.slice(start, (start += size)), shape }
  })
  const target = y.data.indexOf(1)
  const model = createModel({ description, weights, xTrain, yTrain, x, y, target })
  const predictor = tfjsPredictor(model)
  const options = { device: 'wasm', precomputeGrads: true } as const
  using stored = new GradientSimilarity(predictor, lossName, options)
  await stored.fit(xTrain, yTrain)
  using adHoc = new GradientSimilarity(predictor, lossName, { device: 'wasm' })
  await adHoc.fit(xTrain, yTrain)
  using integrated = new IntegratedGradients(predictor, { nSteps: 50, device: 'wasm' })

  const loss = readLoss(lossName)
  if (typeof loss === 'function') throw new Error('a named loss is an object')
  using session = await predictor.open('wasm', { allowSoftware: true })
  const { backend } = await openBackend('wasm', undefined)
  const pass = async (from: NdArray, labels: NdArray): ReturnType<typeof session.lossGradients> =>
    session.lossGradients([from], { ...labels, factors: undefined }, positionLoss(loss))
  const train: DeviceGradients[] = []
  for (let first = 0; first < exampleCount; first += 32) {
    const end = Math.min(first + 32, exampleCount)
    train.push(await backend.upload(await pass(rows(xTrain, first, end), rows(yTrain, first, end))))
  }
  const test = await backend.upload(await pass(x, y))
  const scan = async (): Promise<void> => {
    const similarity = { name: 'grad_dot', eps: 0 } as const
    const counts = { testCount: 1, trainCount: exampleCount, most: exampleCount, least: 5 }
    using ranker = backend.openRanking({ ...counts, similarity })
    let at = 0
    for (const block of train) {
      await ranker.add(test, 0, block, at)
      at += block.exampleCount
    }
    await ranker.finish()
  }
  const works = {
    pass: async () => {
      using gradients = await backend.upload(await pass(x, y))
      return await gradients.squaredNorms()
    },
    scan,
    'explain, stored': () => stored.explain(x, y),
    'explain, ad hoc': () => adHoc.explain(x, y),
    'integrated gradients': () => integrated.explain(x, { target }),
  }
  const times = new Map(Object.keys(works).map((title) => [title, [] as number[]]))
  for (let round = -3; round < rounds; round++) {
    for (const [title, work] of Object.entries(works)) {
      const repeats = title === 'explain, ad hoc' ? 1 : 20
      const before = process.cpuUsage()
      for (let k = 0; k < repeats; k++) await work()
      const { user, system } = process.cpuUsage(before)
      // The first rounds are a warm-up.
      if (round >= 0) times.get(title)!.push((user + system) / 1e3 / repeats)
    }
  }
  const median = (title: keyof typeof works): number =>
    times.get(title)!.toSorted((a, b) => a - b)[rounds >> 1]!
  const own = median('pass') + median('scan')
  const figures = Object.keys(works).map(
    (title) => `${title} ${median(title as keyof typeof works).toFixed(3)} ms`,
  )
  const share = (median('explain, stored') / own).toFixed(2)
  console.log(`${name}: ${figures.join(', ')}; stored, of pass and scan: ${share}`)
  backend[Symbol.dispose]()
  model.dispose()
}
