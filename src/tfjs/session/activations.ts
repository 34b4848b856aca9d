import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import type { Activations, ForwardArguments, LayerSite } from '../../predictor.js'
import { type DeviceModel, tensorOf } from './device-model.js'
import { type TapeNode, withTape } from '../engine/engine.js'
import { computeOutputGradients } from './input-gradients.js'
import type { Visit } from '../models/layers/layer-sites.js'
import { findDependents } from '../engine/tape.js'

/** The activations at layers for these examples, per site. */
export async function computeActivations(
  device: DeviceModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
  sites: readonly LayerSite[],
): Promise<NdArray[][]> {
  const collected = sites.map((): Tensor[] => [])
  // Models dispose their intermediate tensors.
  const collect: Visit = (site, passing, first) => {
    for (const [i, tensor] of passing.entries()) {
      collected[site]![first + i] = tf.keep(tensor.clone())
    }
    return passing
  }
  try {
    device.run(() => {
      intercept(device, sites, collect, () =>
        device.model.call(
          device.inputTensors(x, forwardArguments),
          device.furtherTensors(forwardArguments),
        ),
      )
    })
    assertCalled(sites, collected)
  } catch (error) {
    tf.dispose(collected)
    throw error
  }
  const shapes = collected.map((group) => group.map(({ shape }) => shape))
  return groupBySite(await device.read(collected.flat()), shapes)
}

/** Returns the model's output when these activations replace those of their layers. */
export function computeOutputFrom(
  device: DeviceModel,
  x: readonly Tensor[],
  forwardArguments: ForwardArguments,
  { sites, values }: Activations,
): Tensor {
  const leaves = values.map((arrays) => arrays.map(tensorOf))
  return intercept(device, sites, replaceBy(sites, leaves), () =>
    device.model.call(x, device.furtherTensors(forwardArguments)),
  )
}

/**
 * Returns the gradients of the chosen outputs at layers, at the model's own activations or given
 * ones.
 */
export async function computeGradientsAt(
  device: DeviceModel,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  at: Activations | { readonly sites: readonly LayerSite[] },
): Promise<NdArray[][]> {
  const { sites } = at
  const gradients = device.run(() =>
    computeActivationGradients(
      device,
      device.inputTensors(x, forwardArguments),
      outputIndices,
      device.furtherTensors(forwardArguments),
      'values' in at ? { sites, leaves: at.values.map((arrays) => arrays.map(tensorOf)) } : at,
    ),
  )
  const shapes = gradients.map((group) => group.map(({ shape }) => shape))
  return groupBySite(await device.read(gradients.flat()), shapes)
}

/** Within `run`: the same with tensors. The leaves replace the tensors at the sites. */
export function computeActivationGradients(
  device: DeviceModel,
  x: readonly Tensor[],
  outputIndices: Int32Array,
  forwardArguments: Readonly<Record<string, Tensor>>,
  at: { readonly sites: readonly LayerSite[]; readonly leaves?: readonly Tensor[][] },
): Tensor[][] {
  const { sites } = at
  const leaves = at.leaves ?? sites.map((): Tensor[] => [])
  /** The tensors that the leaves replace. */
  const replaced = sites.map((): Tensor[] => [])
  const visit = at.leaves === undefined ? copyInto(leaves) : replaceBy(sites, leaves, replaced)
  return withTape(
    new Set(),
    () => intercept(device, sites, visit, () => device.model.call(x, forwardArguments)),
    (tape, output) => {
      assertCalled(sites, at.leaves === undefined ? leaves : replaced)
      const ids = leaves.flatMap((group) => group.map(({ id }) => id))
      const byId = computeOutputGradients(tape, ids, output, outputIndices)
      const behind = findLeavesBehind(tape, ids, replaced.flat(), byId)
      return leaves.map((group, k) =>
        group.map((leaf) => {
          const gradient = byId.get(leaf.id)
          if (gradient !== undefined) return gradient
          // The output depends on it only through other leaves, which are constant: for example,
          // one call of a layer before the next.
          return behind.has(leaf.id) ? tf.zerosLike(leaf) : refuseLayer(sites[k]!)
        }),
      )
    },
  )
}

function intercept<Result>(
  { model }: DeviceModel,
  sites: readonly LayerSite[],
  visit: Visit,
  run: () => Result,
): Result {
  if (model.layers !== undefined) return model.layers.intercept(sites, visit, run)
  throw new UnsupportedError('layer', `layer: model '${model.name}' has no layers.`)
}

/** Replaces the tensors by copies, so that only the ops after the layer depend on them. */
function copyInto(copies: readonly Tensor[][]): Visit {
  return (site, tensors, first) => {
    const own = tensors.map((tensor) => tensor.clone())
    for (const [i, copy] of own.entries()) copies[site]![first + i] = copy
    return own
  }
}

/** Replaces the tensors of a site by its leaves, in the order of the layer's calls. */
function replaceBy(
  sites: readonly LayerSite[],
  leaves: readonly (readonly Tensor[])[],
  replaced: Tensor[][] = sites.map(() => []),
): Visit {
  return (site, tensors, first) =>
    tensors.map((own, i) => {
      const leaf = leaves[site]![first + i]
      replaced[site]![first + i] = own
      if (leaf !== undefined && tf.util.arraysEqual(leaf.shape, own.shape)) return leaf.clone()
      const { layer } = sites[site]!
      throw new InvalidArgumentError(
        `the activations of layer '${layer}'`,
        leaf === undefined ? 'too few' : `shape [${leaf.shape.join(', ')}]`,
        `shape [${own.shape.join(', ')}], the layer's own for these examples`,
      )
    })
}

/**
 * Finds leaves from which a differentiable path leads to a tensor that another such leaf replaces.
 */
function findLeavesBehind(
  tape: readonly TapeNode[],
  leafIds: readonly number[],
  replaced: readonly Tensor[],
  gradients: ReadonlyMap<number, Tensor>,
): Set<number> {
  const behind = new Set<number>()
  const waiting = leafIds.filter((id) => !gradients.has(id))
  const ways = new Map(waiting.map((id) => [id, findDependents(tape, [id])]))
  let before = -1
  while (behind.size > before) {
    before = behind.size
    const seen = replaced.filter((_, k) => gradients.has(leafIds[k]!) || behind.has(leafIds[k]!))
    for (const [id, reached] of ways) if (seen.some((own) => reached.has(own.id))) behind.add(id)
  }
  return behind
}

/**
 * @throws UnsupportedError for a missing call, for example if a model overrides how it calls its
 * layers
 */
function assertCalled(sites: readonly LayerSite[], groups: readonly (readonly Tensor[])[]): void {
  const missing = sites.findIndex(({ tensors }, k) => {
    const called = Object.keys(groups[k]!).length
    return called === 0 || called < (tensors?.length ?? 1)
  })
  if (missing < 0) return
  const { layer } = sites[missing]!
  throw new UnsupportedError(
    layer,
    `layer '${layer}': the model does not make all of its calls on the way to its output. Name one of the layers ` +
      'within it, or a layer that comes after it.',
  )
}

function refuseLayer({ layer, at }: LayerSite): never {
  throw new UnsupportedError(
    layer,
    `layer '${layer}': the output does not depend on its ${at} by differentiable steps, so there is no gradient. ` +
      'Name a layer between the inputs and the output, after the last look-up, arg-max or comparison.',
  )
}

function groupBySite(
  data: readonly Float32Array[],
  shapes: readonly (readonly (readonly number[])[])[],
): NdArray[][] {
  let next = 0
  return shapes.map((group) => group.map((shape) => ({ data: data[next++]!, shape })))
}
