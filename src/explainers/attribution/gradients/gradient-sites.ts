import type { NdArray } from '../../../ndarray.js'
import type { ArraySpec, Predictor, PredictorSession } from '../../../predictor.js'
import { listChannels } from '../../session/explanation-meta.js'
import { channelsAtLayer, distinctNames, namesAtLayer } from '../attribution-names.js'
import { type Examples, readLayers, withLayers } from '../sites.js'

/** Where plain gradients are taken: at inputs and at layers' outputs, in any order. The model's values are its own. */
export interface GradientSites<Value> {
  /** What the user named; null for all inputs. */
  readonly names: readonly string[] | null
  /** A name for each array there, known after `gradients`. */
  attributionNames(): string[]
  /** Where the channels of each array are, known after `gradients`; null if the adapter doesn't know. */
  channels(): ('first' | 'last' | null)[]
  /** The gradients of the chosen outputs, [N, …] each. */
  gradients(
    session: PredictorSession<Value>,
    examples: Examples,
    outputIndices: Int32Array,
  ): Promise<readonly NdArray[]>
  /** The values there, [N, …] each. */
  values(session: PredictorSession<Value>, examples: Examples): Promise<readonly NdArray[]>
}

/**
 * All inputs, if no layer is named; else the inputs and layers of the list, in its order.
 *
 * @param specs the inputs that are attributed
 */
export function gradientSites<Value>(
  predictor: Predictor<Value>,
  specs: readonly ArraySpec[],
  layer: unknown,
): GradientSites<Value> {
  if (layer === undefined) {
    return {
      names: null,
      attributionNames: () => specs.map(({ name }) => name),
      channels: () => listChannels(specs),
      gradients: (session, { x, further }, outputIndices) =>
        session.inputGradients(x, outputIndices, further),
      values: (_, { x }) => Promise.resolve(x),
    }
  }
  const references: readonly unknown[] = Array.isArray(layer) ? layer : [layer]
  const inputNames = specs.map(({ name }) => name)
  const inputs = references.map((reference) => inputNames.indexOf(reference as string))
  const others = references.filter((_, k) => inputs[k] === -1)
  const sites = others.length === 0 ? [] : readLayers(predictor, others, 'outputs')

  /** Per reference the position of its site; -1 for an input. */
  const siteOf = inputs.map((input, k) =>
    input >= 0 ? -1 : inputs.slice(0, k).filter((earlier) => earlier < 0).length,
  )
  /** How many tensors there are at each site, once that is known. */
  let counts: readonly number[] = sites.map(() => 1)

  /** The arrays of inputs and those of layers, in the order of the list. */
  const inOrder = (
    ofInputs: readonly NdArray[],
    ofLayers: readonly (readonly NdArray[])[],
  ): NdArray[] => {
    return siteOf.flatMap((site, k) => (site < 0 ? [ofInputs[inputs[k]!]!] : ofLayers[site]!))
  }
  return {
    names: siteOf.map((site, k) => (site < 0 ? inputNames[inputs[k]!]! : sites[site]!.layer)),
    attributionNames: () =>
      distinctNames(
        siteOf.map((site, k) =>
          site < 0
            ? { layer: null, names: [inputNames[inputs[k]!]!] }
            : namesAtLayer(sites[site]!, counts[site]!),
        ),
      ),
    channels: () =>
      siteOf.flatMap((site, k) =>
        site < 0
          ? listChannels([specs[inputs[k]!]!])
          : channelsAtLayer(sites[site]!, counts[site]!),
      ),
    async gradients(session, { x, further }, outputIndices) {
      const wantsInputs = sites.length < references.length
      const ofInputs = wantsInputs ? await session.inputGradients(x, outputIndices, further) : []
      const ofLayers =
        sites.length === 0
          ? []
          : await withLayers(session).activationGradients(x, outputIndices, further, { sites })
      counts = ofLayers.map(({ length }) => length)
      return inOrder(ofInputs, ofLayers)
    },
    async values(session, { x, further }) {
      return inOrder(
        x,
        sites.length === 0 ? [] : await withLayers(session).activations(x, further, sites),
      )
    },
  }
}
