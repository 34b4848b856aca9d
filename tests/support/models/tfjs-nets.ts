import type { Sequential } from '@tensorflow/tfjs'
import type { Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { DenseLayer } from './dense-net.js'
import { denseNet } from './models.js'
import { randomLayers } from './small-nets.js'

/** The same layers as a LayersModel. */
export function sequentialOf(layers: readonly DenseLayer[]): Sequential {
  return denseNet(
    layers.flatMap(({ kernel, bias }) => [kernel, bias]),
    layers.map(({ activation }) => activation),
  )
}

/** The net of `classifier` in small-nets.ts. */
export const tfjsClassifier = (seed = 1): Predictor =>
  tfjsPredictor(sequentialOf(randomLayers([3, 4, 3], 'softmax', seed))) as Predictor
