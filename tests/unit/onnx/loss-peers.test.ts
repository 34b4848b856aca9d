import type { Loss, NdArray, NestedNumbers } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it } from 'vitest'
import { readLabels } from '../../../src/explainers/reading/labels.js'
import { copyLabels, requireLabels } from '../../../src/losses/labels.js'
import { type LossSettings, positionLoss, readLoss } from '../../../src/losses/loss.js'
import golden from '../../fixtures/losses.json'
import { hostBlock } from '../../support/gradients/host-block.js'
import { bytesOf, floats, integers, nodeOf } from '../../support/onnx/onnx-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'

/** Float32 against the peers' float64, relative to the largest entry; Keras adds 1e-7 to some denominators. */
const tolerance = 1e-5

interface PeerCase {
  readonly peer: string
  readonly call: string
  readonly loss: Loss<NdArray>
  readonly labels: NestedNumbers
  readonly output: readonly (readonly (readonly number[])[])[]
  readonly weights: { readonly mask?: NestedNumbers; readonly sampleWeight?: NestedNumbers }
  readonly gradient: NestedNumbers
}

const cases = golden.cases as unknown as readonly PeerCase[]

/** y = x + b in the shape of positions and classes: the gradient of b is that of the output. */
const identityModel = (positions: number, classCount: number): Uint8Array =>
  bytesOf({
    nodes: [nodeOf('Add', ['x', 'b'], 'flat'), nodeOf('Reshape', ['flat', 'shape'], 'y')],
    constants: {
      b: floats(new Float32Array(positions * classCount), [positions * classCount]),
      shape: integers(-1, positions, classCount),
    },
    inputs: { x: [positions * classCount] },
    outputs: ['y'],
  })

const native = nodeRuntimes.filter(({ name }) => name === 'native')

describe.each(native)('a named loss on ONNX Runtime, $name', ({ ort, name }) => {
  it.each(cases)('has the gradient of $peer, $call: $loss', async (given) => {
    const { labels, output, weights, gradient } = given
    const loss = readLoss(given.loss) as LossSettings
    const data = Float32Array.from(output.flat(2))
    const [positions, classCount] = [output[0]!.length, output[0]![0]!.length]
    const predictor = await onnxPredictor(ort, identityModel(positions, classCount))
    const copied = requireLabels('y', await copyLabels('y', { ...weights, labels }))
    const y = readLabels('y', copied, 1, loss, predictor.output)
    using session = await predictor.open(name, { allowSoftware: true })
    const x = [{ data, shape: [1, data.length] }]
    const block = await hostBlock(await session.lossGradients(x, y, positionLoss(loss)))
    const bias = materializedGradients(block, 0).get('b')!
    const expected = (gradient as unknown as number[][][]).flat(2)
    const scale = Math.max(...expected.map(Math.abs))
    expect(bias).toHaveLength(expected.length)
    for (const [k, value] of expected.entries()) {
      expect(Math.abs(bias[k]! - value), `output ${k}`).toBeLessThanOrEqual(tolerance * scale)
    }
  })
})
