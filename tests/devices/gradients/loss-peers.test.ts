import * as tf from '@tensorflow/tfjs'
import type { Loss, NestedNumbers } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { readLabels } from '../../../src/explainers/reading/labels.js'
import { copyLabels, requireLabels } from '../../../src/losses/labels.js'
import { type LossSettings, positionLoss, readLoss } from '../../../src/losses/loss.js'
import golden from '../../fixtures/losses.json'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostBlock } from '../../support/gradients/host-block.js'
import { disposedAfterTest } from '../../support/models/models.js'

/** Float32 against the peers' float64, relative to the largest entry; Keras adds 1e-7 to some denominators. */
const tolerance = 1e-5

interface PeerCase {
  readonly peer: string
  readonly call: string
  readonly loss: Loss<tf.Tensor>
  readonly labels: NestedNumbers
  readonly output: readonly (readonly (readonly number[])[])[]
  readonly weights: { readonly mask?: NestedNumbers; readonly sampleWeight?: NestedNumbers }
  readonly gradient: NestedNumbers
}

const cases = golden.cases as unknown as readonly PeerCase[]

/** Outputs of its own input, plus a bias per output: the gradient of the bias is that of the output. */
function identityNet([positions = 1, classCount = 1]: readonly number[]): tf.LayersModel {
  const size = positions * classCount
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: size, inputShape: [size] }),
        tf.layers.reshape({ targetShape: [positions, classCount] }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights([tf.eye(size), tf.zeros([size])])
  })
  return model
}

describe.each(devices)('a named loss on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(cases)('has the gradient of $peer, $call: $loss', async (given) => {
    const { labels, output, weights, gradient } = given
    const loss = readLoss(given.loss) as LossSettings
    const data = Float32Array.from(output.flat(2))
    const shape = [output[0]!.length, output[0]![0]!.length]
    const predictor = tfjsPredictor(identityNet(shape))
    const copied = requireLabels('y', await copyLabels('y', { ...weights, labels }))
    const y = readLabels('y', copied, 1, loss, predictor.output)
    using session = await predictor.open(device, { allowSoftware: true })
    const x = [{ data, shape: [1, data.length] }]
    const block = await hostBlock(await session.lossGradients(x, y, positionLoss(loss)))
    const [, bias] = [...materializedGradients(block, 0).values()].toSorted(
      (one, other) => other.length - one.length,
    )
    const expected = (gradient as unknown as number[][][]).flat(2)
    const scale = Math.max(...expected.map(Math.abs))
    expect(bias).toHaveLength(expected.length)
    for (const [k, value] of expected.entries()) {
      expect(Math.abs(bias![k]! - value), `output ${k}`).toBeLessThanOrEqual(tolerance * scale)
    }
  })
})
