import type { NdArray } from '../../ndarray.js'
import type { ArraySpec, Predictor, PredictorSession } from '../../predictor.js'
import { type Examples, readLayers, withLayers } from './sites.js'

/** Where plain gradients are taken, inputs and layers' outputs in any order: the model's own values stand there. */
export interface GradientSites<Value> {
  /** What the user named; null for all inputs. */
  readonly names: readonly string[] | null
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

  /** The arrays of inputs and those of layers, in the order of the list. */
  const inOrder = (
    ofInputs: readonly NdArray[],
    ofLayers: readonly (readonly NdArray[])[],
  ): NdArray[] => {
    const remaining = [...ofLayers]
    return inputs.flatMap((input) => (input < 0 ? remaining.shift()! : [ofInputs[input]!]))
  }
  return {
    names: inputs.map((input, k) =>
      input >= 0
        ? inputNames[input]!
        : sites[inputs.slice(0, k).filter((earlier) => earlier < 0).length]!.layer,
    ),
    async gradients(session, { x, further }, outputIndices) {
      const wantsInputs = sites.length < references.length
      const ofInputs = wantsInputs ? await session.inputGradients(x, outputIndices, further) : []
      const ofLayers =
        sites.length === 0
          ? []
          : await withLayers(session).activationGradients(x, outputIndices, further, { sites })
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
