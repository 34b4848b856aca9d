import type { NdArray, Predictor } from 'gradlens'
import type * as tf from '@tensorflow/tfjs'
import { expect, vi } from 'vitest'
import { type TestDevice, useDevice } from '../devices/devices.js'
import { hostGradients } from '../gradients/host-block.js'
import {
  type Architecture,
  architecturePredictor,
  examplesOf,
  readArchitecture,
} from '../models/architectures.js'
import { inputGradientErrors, lossGradientErrors } from '../references/architecture-errors.js'
import { expectNear, largest } from '../references/differences.js'
import { floatsOf } from '../stores/fixture-bytes.js'

/** Relative to the largest. TensorFlow's own float32 reaches 6e-6 in the worst of the architectures. */
const tolerance = 1e-5

/** Relative to each gradient's own norm, for which TensorFlow's own float32 reaches 1e-5. */
const ownTolerance = 3e-5

/**
 * Compares an architecture with float64 TensorFlow: outputs, per-example loss gradients of all parameters, and gradients of
 * pixels or of an embedding. Its gradients must come from one batched pass.
 */
export async function expectArchitecture(file: string, device: TestDevice): Promise<void> {
  await useDevice('cpu')
  const architecture = await readArchitecture(file)
  const predictor = await architecturePredictor(architecture)
  const x = inOrderOf(predictor, architecture)
  using session = await predictor.open(device, { allowSoftware: true })

  const { labels, target } = architecture
  const logits = floatsOf(architecture.logits)
  const predicted = await session.predict(x, {})
  expectNear(predicted.data, logits, tolerance * largest(Float64Array.from(logits)))

  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const y = { data: Int32Array.from(labels), shape: [labels.length] }
  const block = await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
  const warnings = warn.mock.calls.map(([message]) => String(message))
  warn.mockRestore()
  expect(warnings.filter((message) => message.includes('one example at a time'))).toEqual([])
  for (const { what, ofLargest, ofOwn } of lossGradientErrors(architecture, block)) {
    expect(ofLargest, what).toBeLessThanOrEqual(tolerance)
    expect(ofOwn, `${what}, of its own norm`).toBeLessThanOrEqual(ownTolerance)
  }

  const targets = Int32Array.from(labels, () => target)
  if (Object.keys(architecture.inputGradients).length > 0) {
    const gradients = await session.inputGradients(x, targets, {})
    for (const error of inputGradientErrors(architecture, gradients)) {
      expect(error).toBeLessThanOrEqual(tolerance)
    }
  }
  if (architecture.layer !== undefined) {
    const { name, gradients } = architecture.layer
    const site = predictor.findLayer!('layer', name, 'outputs')
    const [found] = await session.activationGradients!(x, targets, {}, { sites: [site] })
    const expected = floatsOf(gradients)
    expectNear(found![0]!.data, expected, tolerance * largest(Float64Array.from(expected)))
  }
}

/** The examples as the predictor takes them. A LayersModel names its only input itself. */
function inOrderOf(predictor: Predictor<tf.Tensor>, architecture: Architecture): NdArray[] {
  const examples = examplesOf(architecture)
  if (examples.length === 1) return examples
  return predictor.inputs.map(
    ({ name }) => examples[architecture.inputs.findIndex((input) => input.name === name)]!,
  )
}
