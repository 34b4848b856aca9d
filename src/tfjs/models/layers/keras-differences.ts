import type { LayersModel } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../../errors.js'
import { listLayers } from './layer-sites.js'

type Layer = LayersModel['layers'][number]

/** Properties of layers that Keras doesn't have or TensorFlow.js keeps private. */
interface LayerInternals {
  readonly maskZero?: boolean
  readonly interpolation?: string
  readonly padding?: string
  readonly activation?: { getClassName?(): string }
  readonly cell?: LayerInternals
  readonly forwardLayer?: LayerInternals
  readonly layer?: LayerInternals
}

/**
 * Returns warnings about layers that TensorFlow.js computes differently from Keras, one per kind.
 */
export function listDifferencesFromKeras(model: LayersModel): string[] {
  const layers = listLayers(model)
  return differences.flatMap(({ isDifferent, text }) => {
    const names = layers.filter(isDifferent).map(({ name }) => `'${name}'`)
    if (names.length === 0) return []
    return [
      `${text}: ${names.join(', ')}. Explanations follow what TensorFlow.js computes. If the model comes from ` +
        'Keras, convert it to a GraphModel to explain what Keras computes.',
    ]
  })
}

const differences: readonly { text: string; isDifferent: (layer: Layer) => boolean }[] = [
  {
    text: 'TensorFlow.js includes padding in the average, and Keras leaves it out (GlobalAveragePooling1D)',
    isDifferent: (layer) => layer.getClassName() === 'GlobalAveragePooling1D' && takesMask(layer),
  },
  {
    text: 'TensorFlow.js interpolates between different points than Keras (bilinear UpSampling2D)',
    isDifferent: (layer) =>
      layer.getClassName() === 'UpSampling2D' && internalsOf(layer).interpolation === 'bilinear',
  },
  {
    text:
      'TensorFlow.js computes hard_sigmoid as Keras 2 does, clip(0.2 x + 0.5, 0, 1), where Keras 3 computes ' +
      'relu6(x + 3) / 6',
    isDifferent: (layer) => usesHardSigmoid(internalsOf(layer)),
  },
]

const internalsOf = (layer: Layer): LayerInternals => layer as unknown as LayerInternals

/** True if a mask of padding reaches the layer in Keras. */
function takesMask(layer: Layer, seen = new Set<Layer>()): boolean {
  if (seen.has(layer)) return false
  seen.add(layer)
  const nodes = layer.inboundNodes as readonly { readonly inboundLayers: readonly Layer[] }[]
  return nodes.some(({ inboundLayers }) =>
    inboundLayers.some(
      (input) =>
        input.getClassName() === 'Masking' ||
        internalsOf(input).maskZero === true ||
        (input.supportsMasking && takesMask(input, seen)),
    ),
  )
}

/**
 * Ignores the gates of recurrent layers, whose default is hard_sigmoid in Keras 2 and
 * TensorFlow.js.
 */
function usesHardSigmoid({ activation, cell, forwardLayer, layer }: LayerInternals): boolean {
  const name = activation?.getClassName?.().toLowerCase().replace('_', '')
  const inner = [cell, forwardLayer, layer]
  return name === 'hardsigmoid' || inner.some((one) => one !== undefined && usesHardSigmoid(one))
}

/** @throws UnsupportedError for a layer that TensorFlow.js loads but can't run */
export function refuseCausalPadding(model: LayersModel): void {
  const causal = listLayers(model).find((layer) => internalsOf(layer).padding === 'causal')
  if (causal === undefined) return
  throw new UnsupportedError(
    causal.name,
    `layer '${causal.name}' has causal padding, which TensorFlow.js cannot compute. Put a ZeroPadding1D layer of ` +
      "(kernel size − 1) · dilation rate steps in front of it and give it padding 'valid', or convert the model to a " +
      'GraphModel.',
  )
}
