import { describe, it } from 'vitest'
import { expectArchitecture } from '../../support/suites/architecture-suite.js'

/**
 * Keras's applications with random weights against float64 TensorFlow (tests/peers/architectures). On wasm alone: the
 * cpu backend takes minutes.
 */
describe('Keras’s applications have the gradients of float64 TensorFlow in one batched pass, as', () => {
  const layersModels = [
    ...['mobilenet', 'mobilenet-v2', 'resnet50', 'resnet50-v2', 'densenet121'],
    ...['inception-v3', 'xception', 'nasnet-mobile'],
  ]
  it.each(layersModels)('a LayersModel: %s', { timeout: 120_000 }, (name) =>
    expectArchitecture(`layers/${name}`, 'wasm'),
  )

  it.each(['mobilenet-v3-small', 'efficientnet-b0'])(
    'a GraphModel of the converter, with folded batch norms: %s',
    { timeout: 120_000 },
    (name) => expectArchitecture(`graphs/${name}`, 'wasm'),
  )
})
