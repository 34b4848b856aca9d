import * as tf from '@tensorflow/tfjs'
import type { NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createBert } from '../../../bench/models/bert.js'
import { createDistilBert, embeddingNode } from '../../../bench/models/distilbert.js'
import { testedOnce, useDevice } from '../../support/devices/devices.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { expectSameGradient, repairedGradient } from '../../support/references/single-gradients.js'
import { warningsOf } from '../../support/trials/trial-run.js'

const [vocabulary, length, classes, exampleCount] = [11, 5, 3, 4]
const sizes = { vocabulary, length, classes, width: 8, heads: 2, hidden: 12, layers: 2 }

/** Ids of words, and masks of texts of several lengths. */
const x: NdArray[] = [
  Int32Array.from({ length: exampleCount * length }, (_, k) => (k * 7 + 3) % vocabulary),
  Int32Array.from({ length: exampleCount * length }, (_, k) =>
    Number(k % length <= 1 + Math.floor(k / length)),
  ),
].map((data) => ({ data, shape: [exampleCount, length] }))
const y: NdArray = { data: Int32Array.of(0, 2, 1, 2), shape: [exampleCount] }

const encoders = [
  { title: 'DistilBERT', create: createDistilBert, lookups: ['embeddings/words/table'] },
  {
    title: 'BERT',
    create: createBert,
    lookups: ['embeddings/words/table', 'embeddings/types/table'],
  },
]

/** The graphs of the benchmarks, in small sizes, against single examples by TensorFlow.js's own tape. */

describe.each(testedOnce)('a text encoder on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(encoders)(
    'is computed in batches, its tables as lookups: $title',
    async ({ create, lookups }) => {
      const model = await create(sizes)
      try {
        const parameters = Object.entries(model.weights).flatMap(([name, [tensor]]) =>
          tensor?.dtype === 'float32' && tensor.rank > 0 ? [{ name, tensor }] : [],
        )
        const reference = {
          call: (inputs: tf.Tensor[]): tf.Tensor =>
            model.predict(inputs.map((ids) => tf.cast(ids, 'int32'))) as tf.Tensor,
          parameters,
        }
        using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
        const warnings = await warningsOf(async () => {
          const loss = 'sparseCategoricalCrossentropyFromLogits'
          const block = await hostGradients(session, x, y, loss)
          const found = block.segments.filter(({ kind }) => kind === 'lookup')
          expect(found.map(({ parameter }) => parameter).sort()).toEqual([...lookups].sort())
          for (let row = 0; row < exampleCount; row++) {
            const expected = await repairedGradient(reference, x, y, row)
            expectSameGradient(materializedGradients(block, row), expected, reference)
          }
        })
        expect(warnings).toEqual([])
        const sites = [{ layer: embeddingNode, at: 'outputs' as const }]
        const indices = Int32Array.of(0, 1, 2, 0)
        const [gradients] = await session.activationGradients!(x, indices, {}, { sites })
        expect(gradients![0]!.shape).toEqual([exampleCount, length, sizes.width])
        expect(gradients![0]!.data.some((value) => value !== 0)).toBe(true)
      } finally {
        model.dispose()
      }
    },
  )
})
