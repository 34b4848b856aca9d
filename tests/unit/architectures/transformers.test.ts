import { describe, it } from 'vitest'
import { expectArchitecture } from '../../support/suites/architecture-suite.js'

const names = [
  ...['bert', 'bert-without-mask', 'distilbert', 'mobilebert', 'albert', 'roberta', 'electra'],
  ...['vit', 'deit'],
]

/** Hugging Face's models, configured small, with random weights, against float64 TensorFlow (tests/peers/architectures). */
describe.each(['cpu', 'wasm'] as const)(
  'on %s, GraphModels of Hugging Face have the gradients of float64 TensorFlow in one batched pass:',
  (device) => {
    it.each(names)('%s', (name) => expectArchitecture(`graphs/${name}`, device))
  },
)
