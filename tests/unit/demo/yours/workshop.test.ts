import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { EncodingPlan } from '../../../../demo/yours/encoders/encoder.js'
import { Workshop } from '../../../../demo/yours/workshop/workshop.js'
import { useDevice } from '../../../support/devices/devices.js'
import { setWeights } from '../../../support/models/models.js'
import { exportModel } from '../../../support/yours/dropped.js'

beforeAll(() => useDevice('cpu'))

const call = { signal: new AbortController().signal, onProgress: () => undefined }

const plan: EncodingPlan = {
  pixels: { scaling: 'none' as never, fit: 'crop' as never, side: 1 },
  table: { label: 'fruit', features: ['a', 'b', 'c'], scaling: 'none' },
}

test('reads the order of the classes from a labels.txt among the data, also to compare encodings', async () => {
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [3], activation: 'softmax' })],
  })
  const eye = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)))
  setWeights(model, [eye, [0, 0, 0]])
  const modelFiles = Object.entries(await exportModel(model)).map(([path, bytes]) => ({
    path,
    blob: new Blob([bytes as BlobPart]),
  }))
  model.dispose()

  const workshop = new Workshop()
  // The page's only workshop keeps its model.
  onTestFinished(() => {
    tf.disposeVariables()
  })
  const facts = await workshop.openModel(modelFiles, call)
  await workshop.readData(
    [
      // Not in alphabetical order.
      { path: 'labels.txt', blob: new Blob(['pear\napple\nfig\n']) },
      {
        path: 'fruit.csv',
        blob: new Blob(['a,b,c,fruit\n1,0,0,pear\n0,1,0,apple\n0,0,1,fig\n0,1,0,fig\n']),
      },
    ],
    call,
  )
  const output = facts.outputs[0]!.name
  const encoded = await workshop.encode(output, plan, call)
  expect(encoded.classNames).toEqual(['pear', 'apple', 'fig'])
  expect([...encoded.labels!.data]).toEqual([0, 1, 2, 2])
  const trial = await workshop.tryPlan(output, plan, call)
  expect(trial.answers).toEqual([0, 1, 2, 1])
  expect(trial.rightCount).toBe(3)
})
