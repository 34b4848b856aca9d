import * as tf from '@tensorflow/tfjs'
import { expect, test } from 'vitest'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { imageAt } from '../../../scripts/data/images.js'
import { readModel } from '../../../scripts/train/model.js'
import { GradientSimilarity, IntegratedGradients, type NdArray } from '../../../src/index.js'
import { tfjsPredictor } from '../../../src/tfjs/index.js'
import { useDevice } from '../../support/devices/devices.js'
import { numberIn } from './demo-page.js'
import { hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()

const referenceCount = 40
const steps = 8
const heldOutIndex = 34

/** The page shows at least two digits of each score. */
const shownPrecision = 0.05

test('the page shows the figures that the library computes in Node from the same files', async () => {
  await useDevice('wasm')
  const folder = new DataFolder('mnist')
  const model = await readModel(folder)
  try {
    const predictor = tfjsPredictor(model)
    const references = folder.readImages('references')
    const digit = imageAt(folder.readImages('held-out'), heldOutIndex)
    const x = pictures(digit)
    const predicted = tf.tidy(() => model.predict(tf.tensor(x.data, [1, 28, 28, 1])) as tf.Tensor)
    const probabilities = await predicted.data<'float32'>()
    predicted.dispose()
    const label = probabilities.indexOf(Math.max(...probabilities))

    using similarity = new GradientSimilarity(predictor, 'categoricalCrossentropy', {
      simFn: 'grad_cos',
      device: 'wasm',
    })
    await similarity.fit(
      pictures(references.images.subarray(0, referenceCount * digit.length)),
      oneHot(references.labels.subarray(0, referenceCount)),
    )
    const { data: ranking } = await similarity.explain(x)
    using integrated = new IntegratedGradients(predictor, { nSteps: steps, device: 'wasm' })
    const { data: map } = await integrated.explain(x, { target: label })

    const demo = await host.visit()
    await demo.open({
      device: 'wasm',
      simFn: 'grad_cos',
      references: referenceCount,
      digit: heldOutIndex,
      steps,
    })
    await demo.settled()

    expect(await demo.verdict()).toContain(`The model says ${label} (`)
    const shown = await demo.percentages()
    shown.forEach((percentage, i) => {
      expect(Math.abs(percentage - 100 * probabilities[i]!)).toBeLessThan(0.1)
    })
    const most = await demo.neighbours('most')
    most.forEach(({ text, score }, rank) => {
      const index = ranking.orderedIndices.data[rank]!
      expect(text).toContain(`labelled ${String(references.labels[index])}`)
      expect(text).toContain(`no. ${index}`)
      const expected = ranking.scores.data[rank]!
      expect(Math.abs(score - expected)).toBeLessThan(shownPrecision * Math.abs(expected))
    })
    const total = Array.from(map.attributions[0]!.data).reduce((sum, value) => sum + value, 0)
    const adds = /sum to (\S+)\. From/.exec(await demo.text('#attribution-delta'))?.[1] ?? ''
    expect(numberIn(adds)).toBeCloseTo(total, 3)
    await leave(demo)
  } finally {
    model.dispose()
  }
})

function pictures(bytes: Uint8Array): NdArray {
  return {
    data: Float32Array.from(bytes, (byte) => byte / 255),
    shape: [bytes.length / 784, 28, 28, 1],
  }
}

function oneHot(labels: Uint8Array): NdArray {
  const data = new Float32Array(labels.length * 10)
  labels.forEach((label, row) => (data[row * 10 + label] = 1))
  return { data, shape: [labels.length, 10] }
}
