import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { type GraphSpec, loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { exampleCount, labels, randomInput } from '../../support/gradients/labelled-examples.js'
import { expectError } from '../../support/refusals.js'
import { expectSameGradient, singleGradient } from '../../support/references/single-gradients.js'

const loss = 'sparseCategoricalCrossentropyFromLogits'
const tolerance = 1e-5
const transposed = { transpose_a: { b: false }, transpose_b: { b: false } }

/** A graph that declares any number of examples, and reshapes them as if there were `baked`. */
const bakedGraph = (shape: readonly number[], declared = -1): GraphSpec => ({
  nodes: [
    placeholder('x', [declared, 2, 3]),
    node('flat', 'Reshape', ['x', 'shape']),
    node('hidden', 'MatMul', ['flat', 'kernel'], transposed),
    node('active', 'Tanh', ['hidden']),
    node('logits', 'MatMul', ['active', 'head'], transposed),
  ],
  weights: { kernel: [6, 4], head: [4, 3] },
  integers: { shape },
  outputs: [{ name: 'logits', shape: [-1, 3] }],
})

const graphs = {
  'whose Reshape has a batch of 1': {
    spec: bakedGraph([1, 6]),
    cause: "node 'flat' reshapes its input to [1, 6]",
  },
  'whose Reshape puts all examples into one': {
    spec: bakedGraph([1, -1]),
    cause: "node 'flat' reshapes its input to [1, -1]",
  },
  'that declares one example': {
    spec: bakedGraph([1, 6], 1),
    cause: "its input 'x' has the shape [1, 2, 3]",
  },
}

beforeAll(() => useDevice('cpu'))

describe.each(devices)('a GraphModel on %s', (device) => {
  it.each(Object.entries(graphs))(
    '%s is run example by example, and says so once, with the cause and the way out',
    async (_, { spec, cause }) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      onTestFinished(() => {
        warn.mockRestore()
      })
      const model = await loadGraph(spec)
      const [kernel, head] = ['kernel', 'head'].map((name) => model.weights[name]![0]!)
      const reference = {
        call: ([x]: tf.Tensor[]): tf.Tensor =>
          tf.matMul(tf.matMul(x!.reshape([-1, 6]), kernel!).tanh(), head!),
        parameters: [
          { name: 'kernel', tensor: kernel! },
          { name: 'head', tensor: head! },
        ],
      }
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const x = [randomInput([2, 3], 3)]
      const expected = tf.tidy(() =>
        reference.call([tf.tensor(x[0]!.data as Float32Array, [exampleCount, 6])]).dataSync(),
      )
      expectNear((await session.predict(x, {})).data, expected, tolerance)
      const indices = Int32Array.of(0, 1, 2, 0, 1)
      const [gradient] = await session.inputGradients(x, indices, {})
      expect(gradient!.shape).toEqual([exampleCount, 2, 3])
      const [activation] = await session.activationGradients!(
        x,
        indices,
        {},
        {
          sites: [{ layer: 'active', at: 'outputs' }],
        },
      )
      expect(activation![0]!.shape).toEqual([exampleCount, 4])
      const block = await hostGradients(session, x, labels(), loss)
      for (let row = 0; row < exampleCount; row++) {
        expectSameGradient(
          materializedGradients(block, row),
          singleGradient(reference, x, labels(), row),
          reference,
        )
      }
      await hostGradients(session, x, labels(), loss)
      const [said, ...others] = warn.mock.calls
        .map(([text]) => String(text))
        // TensorFlow.js itself greets once.
        .filter((text) => text.startsWith('gradlens:'))
      expect(others).toEqual([])
      expect(said).toContain(`a batch size of 1 is fixed in the graph: ${cause}`)
      expect(said).toContain('Export the model with a dynamic batch')
    },
  )

  it('with another batch size fixed inside is refused with the reason', async () => {
    const model = await loadGraph(bakedGraph([2, 6]))
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await expectError(
      () => session.predict([randomInput([2, 3], 3)], {}),
      'UnsupportedError',
      'fails on 5 examples',
      'free first axis',
    )
  })
})
