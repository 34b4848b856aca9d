import { InvalidArgumentError, UnsupportedError } from '../../../errors.js'
import { type NdArray, sizeOf } from '../../../ndarray.js'
import { describe } from '../../../options.js'
import type { ArraySpec, LayerSite, Predictor } from '../../../predictor.js'
import type { GradCamOptions } from './map-options.js'
import type { ModelCall } from '../../session/model-session.js'
import { type Examples, examplesOf, readLayers, withLayers } from '../sites.js'

/** The layer that is mapped, and the input to whose size. */
export interface MapLayer {
  readonly site: LayerSite
  /** Where the channels of the layer's outputs are. */
  readonly channels: 'first' | 'last'
  /** The position of the input among those that x gives. */
  readonly input: number
  /** Whether the examples of the input have an axis of channels besides the spatial ones. */
  readonly hasChannels: boolean
}

/**
 * Finds the layer and the input of a class activation map. Without a name, the layer is the last convolution whose outputs
 * have several positions. Convolutions of pooled features, as in squeeze-and-excitation blocks, have one.
 *
 * @param specs the inputs that x gives
 * @throws InvalidArgumentError for an unknown layer or input, or a layer without spatial axes; UnsupportedError for a model
 *   without convolutions, or a layer that is called several times
 */
export async function findMapLayer<Value>(
  call: ModelCall<Value>,
  examples: Examples,
  specs: readonly ArraySpec[],
  options: Pick<GradCamOptions, 'layer' | 'channels' | 'input'>,
): Promise<MapLayer> {
  const { layer } = options
  const { predictor } = call
  const one = examplesOf(examples, 0, 1)
  const activationsAt = async (site: LayerSite): Promise<NdArray> => {
    const [tensors = []] = await call.run((session) =>
      withLayers(session).activations(one.x, one.further, [site]),
    )
    if (tensors.length === 1) return tensors[0]!
    throw new UnsupportedError(
      site.layer,
      `layer '${site.layer}' has ${tensors.length} outputs (${(site.tensors ?? []).join(', ')}), so it has no single ` +
        'map. Name a layer with one output that is called once.',
    )
  }
  if (layer !== undefined) {
    const [site, ...others] = readLayers(predictor, layer, 'outputs')
    if (others.length > 0) {
      throw new InvalidArgumentError('layer', `${others.length + 1} layers`, 'one layer')
    }
    return describeLayer(site!, (await activationsAt(site!)).shape, specs, options)
  }
  for (const site of listConvolutions(predictor).toReversed()) {
    const { shape } = await activationsAt(site)
    const chosen = options.channels ?? channelsOf(site)
    if (countPositions(shape, chosen) > 1) return describeLayer(site, shape, specs, options)
  }
  throw createNoConvolutionError(predictor)
}

function listConvolutions<Value>(predictor: Predictor<Value>): readonly LayerSite[] {
  const found = predictor.listConvolutions?.() ?? []
  if (found.length > 0) return found
  throw createNoConvolutionError(predictor)
}

const createNoConvolutionError = ({ name }: Pick<Predictor, 'name'>): UnsupportedError =>
  new UnsupportedError(
    'layer',
    `layer: no convolution of model '${name}' with several positions is known. Name a layer with spatial axes: ` +
      "{ layer: 'name' }. For a model without such a layer, use IntegratedGradients or Occlusion.",
  )

/** Where the only tensor of a layer has its channels, if the adapter knows. */
const channelsOf = ({ channels }: LayerSite): 'first' | 'last' | undefined =>
  channels?.[0] ?? undefined

const countPositions = (
  shape: readonly number[],
  channels: 'first' | 'last' | undefined,
): number =>
  shape.length < 3 ? 1 : sizeOf(channels === 'first' ? shape.slice(2) : shape.slice(1, -1))

function describeLayer(
  site: LayerSite,
  shape: readonly number[],
  specs: readonly ArraySpec[],
  { channels = channelsOf(site), input: name }: Pick<GradCamOptions, 'channels' | 'input'>,
): MapLayer {
  const spatial = shape.length - 2
  const axes = `[${['examples', ...shape.slice(1)].join(', ')}]`
  if (spatial < 1) {
    throw new InvalidArgumentError(
      'layer',
      `'${site.layer}', whose outputs ${axes} have no spatial axis`,
      'a layer with positions and channels, such as a convolution: [examples, height, width, channels]',
    )
  }
  if (channels === undefined) {
    throw new InvalidArgumentError(
      'channels',
      `none, for layer '${site.layer}', whose model doesn't say where its channels are`,
      `'first' or 'last', for the outputs ${axes} of the layer`,
    )
  }
  const fitting = specs.flatMap((spec, k) => (hasSpatialAxes(spec, spatial) ? [k] : []))
  const names = fitting.map((k) => `'${specs[k]!.name}'`).join(', ')
  const chosen = name === undefined ? fitting : fitting.filter((k) => specs[k]!.name === name)
  if (chosen.length === 1) {
    const hasChannels = specs[chosen[0]!]!.shape.length === spatial + 1
    return { site, channels, input: chosen[0]!, hasChannels }
  }
  if (fitting.length === 0) {
    throw new InvalidArgumentError(
      'layer',
      `'${site.layer}', whose outputs ${axes} have ${spatial} spatial ${spatial === 1 ? 'axis' : 'axes'}`,
      `as many as an input: ${specs.map((spec) => `'${spec.name}' [${spec.shape.join(', ')}]`).join(', ')}`,
    )
  }
  throw new InvalidArgumentError('input', describe(name), `one of ${names}`)
}

/** True for an input with this number of spatial axes, with or without one of channels. */
const hasSpatialAxes = ({ shape }: ArraySpec, spatial: number): boolean =>
  shape.length === spatial + 1 || shape.length === spatial
