import * as tf from '@tensorflow/tfjs'
import 'gradlens/elements/define'
import { GradientSimilarity, IntegratedGradients } from 'gradlens'
import type { ExplainEvents, GlProbabilities } from 'gradlens/elements'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it, onTestFinished } from 'vitest'
import { findChild, recordEvents, settle } from '../../support/elements/explainer-element.js'
import { mounted, within } from '../../support/elements/mounted.js'

it('explains a real model correctly after a cancelled fit', async () => {
  await tf.setBackend('cpu')
  // Class k if the k-th number is the greatest.
  const weights = tf.tidy(() => [tf.mul(tf.eye(4), 3), tf.zeros([4])])
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 4, inputShape: [4], activation: 'softmax', weights })],
  })
  const xTrain = tf.tidy(() => tf.tile(tf.eye(4), [16, 1]))
  const x = tf.tensor2d([[0, 0, 1, 0]])
  const predictor = tfjsPredictor(model)
  const options = { device: 'cpu' } as const
  const similarity = new GradientSimilarity(predictor, 'categoricalCrossentropy', {
    ...options,
    precomputeGrads: true,
    batchSize: 4,
  })
  const attribution = new IntegratedGradients(predictor, { ...options, nSteps: 10 })
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    kind: 'tabular',
    predict: () => model.predict(x) as tf.Tensor,
  })
  onTestFinished(() => {
    element.remove()
    similarity.dispose()
    attribution.dispose()
    tf.dispose([...weights, xTrain, x])
    model.dispose()
  })
  const events = recordEvents(element)
  const cancel = ({ detail }: CustomEvent<ExplainEvents['gl-explain-progress']>): void => {
    if (detail.part === 'similarity' && detail.done >= 12) element.cancel()
  }
  element.addEventListener('gl-explain-progress', cancel)
  Object.assign(element, { xTrain, yTrain: xTrain, x })
  await element.updateComplete
  await element.explain()
  expect(events.filter((event) => event.startsWith('similarity fit')).at(-1)).toBe(
    'similarity fit 12/64',
  )
  expect(events).toContain('similarity cancel')
  expect(events).not.toContain('similarity done')

  element.removeEventListener('gl-explain-progress', cancel)
  await element.explain()
  await settle(element)
  expect(events).toContain('similarity fit 64/64')
  expect(events.at(-1)).toBe('similarity done')
  const rows = findChild(element, 'gl-similar-examples').toCSV().split('\r\n')
  // All sixteen copies of x are equally like it; the lower number comes first.
  expect(rows.slice(1, 4).map((row) => row.split(',')[2])).toEqual(['2', '6', '10'])
  const [bars] = within<GlProbabilities>(element, 'gl-attribution-bars')
  expect(bars!.toCSV()).toMatch(/^feature,value,attribution\r\n[^,]*,1,0\.6/)
})
