import * as tf from '@tensorflow/tfjs'
import { IntegratedGradients, type NdArray, type PredictorSession } from 'gradlens'
import { type FunctionModel, tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { expectError } from '../../support/refusals.js'

const tableSize = 6

type Open = (device: 'cpu' | 'wasm' | 'webgpu') => Promise<PredictorSession<tf.Tensor>>

/** Models of two token ids, each with an embedding table of six rows, and how messages call the table. */
const models: readonly { kind: string; table: string; open: Open }[] = [
  {
    kind: 'a LayersModel',
    table: "'embedding/embeddings'",
    open: (device) => {
      const layers = [
        tf.layers.embedding({
          inputDim: tableSize,
          outputDim: 3,
          inputLength: 2,
          name: 'embedding',
        }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ]
      const model = tf.sequential({ layers })
      onTestFinished(() => {
        model.dispose()
      })
      return tfjsPredictor(model).open(device, { allowSoftware: true })
    },
  },
  {
    kind: 'a GraphModel',
    table: "'table'",
    open: async (device) => {
      const model = await loadGraph({
        nodes: [
          placeholder('ids', [-1, 2], 'DT_INT32'),
          node('looked_up', 'GatherV2', ['table', 'ids', 'axis']),
          node('logits', 'Sum', ['looked_up', 'summed'], { keep_dims: { b: false } }),
        ],
        weights: { table: [tableSize, 2] },
        integers: { summed: [1] },
        integerScalars: { axis: 0 },
        outputs: [{ name: 'logits', shape: [-1, 2] }],
      })
      return tfjsPredictor(model).open(device, { allowSoftware: true })
    },
  },
  {
    kind: 'a function that computes its ids',
    table: "'table-of-ids'",
    open: (device) => {
      const table = tf.tidy(() =>
        tf.variable(tf.randomNormal([tableSize, 2]), true, 'table-of-ids'),
      )
      onTestFinished(() => {
        table.dispose()
      })
      return tfjsPredictor({
        call: (x) => tf.gather(table, x.mul(2).div(2).toInt()).sum(1),
        variables: [table],
        inputs: [{ shape: [2] }],
      }).open(device, { allowSoftware: true })
    },
  },
]

const idsOf = (...ids: number[]): NdArray => ({
  data: Float32Array.from(ids),
  shape: [ids.length / 2, 2],
})

/** Looks ids [a, b] up in a table by GatherNd: an entry for each pair, or a row for each id. */
function pairModel(): FunctionModel {
  const table = tf.tidy(() =>
    tf.variable(tf.randomNormal([tableSize, 3, 2]), true, 'table-of-pairs'),
  )
  onTestFinished(() => {
    table.dispose()
  })
  return {
    call: (x) => tf.gatherND(table, x.toInt()),
    variables: [table],
    inputs: [{ shape: [2] }],
  }
}

beforeAll(() => useDevice('cpu'))

describe.each(devices)('token ids on %s', (device) => {
  it.each(models)('outside of the table are refused by name in $kind', async ({ table, open }) => {
    using session = await open(device)
    const y = { data: Float32Array.of(0, 1), shape: [2] }
    const loss = 'sparseCategoricalCrossentropyFromLogits'
    const fits = idsOf(0, 5, 2, 3)
    const predicted = await session.predict([fits], {})
    for (const wrong of [6, 1000, -1]) {
      const parts = [
        `token ids: got ${wrong}, which the model looks up in table ${table} of 6 entries`,
        'expected whole numbers from 0 to 5',
      ]
      const x = [idsOf(0, 5, wrong, 3)]
      await expectError(() => session.predict(x, {}), 'InvalidArgumentError', ...parts)
      await expectError(() => hostGradients(session, x, y, loss), 'InvalidArgumentError', ...parts)
    }
    // A refused call leaves the session as it was.
    expect((await session.predict([fits], {})).data).toEqual(predicted.data)
    expect((await hostGradients(session, [fits], y, loss)).exampleCount).toBe(2)
  })

  it('outside of a table that GatherNd reads are refused with the axis', async () => {
    using session = await tfjsPredictor(pairModel()).open(device, { allowSoftware: true })
    const y = { data: Float32Array.of(0, 1), shape: [2] }
    const loss = 'sparseCategoricalCrossentropyFromLogits'
    expect((await session.predict([idsOf(0, 2, 5, 1)], {})).shape).toEqual([2, 2])
    const wrong = [
      [
        idsOf(0, 3, 5, 1),
        "got 3, which the model looks up in table 'table-of-pairs' of 3 entries along axis 1",
      ],
      [
        idsOf(0, 2, 6, 1),
        "got 6, which the model looks up in table 'table-of-pairs' of 6 entries along axis 0",
      ],
      [
        idsOf(0, 2, 5, -1),
        "got -1, which the model looks up in table 'table-of-pairs' of 3 entries along axis 1",
      ],
    ] as const
    for (const [ids, part] of wrong) {
      await expectError(() => session.predict([ids], {}), 'InvalidArgumentError', part)
      await expectError(() => hostGradients(session, [ids], y, loss), 'InvalidArgumentError', part)
    }
  })

  it('are checked against each table in which they are looked up', async () => {
    const [large, small] = tf.tidy(() => [
      tf.variable(tf.randomNormal([9, 2]), true, 'large-table'),
      tf.variable(tf.randomNormal([4, 2]), true, 'small-table'),
    ])
    onTestFinished(() => {
      tf.dispose([large, small])
    })
    const predictor = tfjsPredictor({
      call: (x) => {
        const ids = x.toInt()
        return tf.gather(large, ids).add(tf.gather(small, ids)).sum(1)
      },
      variables: [large, small],
      inputs: [{ shape: [2] }],
    })
    using session = await predictor.open(device, { allowSoftware: true })
    expect((await session.predict([idsOf(0, 3)], {})).shape).toEqual([1, 2])
    await expectError(
      () => session.predict([idsOf(0, 4)], {}),
      'InvalidArgumentError',
      "got 4, which the model looks up in table 'small-table' of 4 entries",
    )
  })

  it('outside of the table are refused in x and in baselines of a path', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: tableSize, outputDim: 3, inputLength: 2, name: 'words' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    })
    onTestFinished(() => {
      model.dispose()
    })
    using explainer = new IntegratedGradients(tfjsPredictor(model), { device, layer: 'words' })
    const refused = ['got 9', 'of 6 entries']
    await expectError(
      () => explainer.explain([[1, 9]], { target: 0 }),
      'InvalidArgumentError',
      ...refused,
    )
    await expectError(
      () => explainer.explain([[1, 2]], { target: 0, baselines: [[0, 9]] }),
      'InvalidArgumentError',
      ...refused,
    )
    expect((await explainer.explain([[1, 2]], { target: 0 })).data.attributions).toHaveLength(1)
  })
})
