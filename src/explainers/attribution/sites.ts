import type { BatchSize } from '../session/batch-size.js'
import { listChannels } from '../session/explanation-meta.js'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import { concatenateRows, type NdArray, rows, takeRows } from '../../ndarray.js'
import { describe } from '../../options.js'
import type {
  ArraySpec,
  ForwardArguments,
  LayerSite,
  PathPoints,
  Predictor,
  PredictorSession,
} from '../../predictor.js'
import { channelsAtLayer, distinctNames, namesAtLayer } from './attribution-names.js'
import { runInBatches } from '../session/batches.js'
import { mapValues } from '../reading/forward-arguments.js'
import { countExamples, rowsOf } from '../reading/inputs.js'
import type { ModelCall } from '../session/model-session.js'

/** Examples as the model is called with them. */
export interface Examples {
  readonly x: readonly NdArray[]
  readonly further: ForwardArguments
}

/** Where attributions are taken: at the model's inputs, or at the activations of layers. */
export interface Sites<Value> {
  /** A name for each array there, known after `values`. */
  names(): string[]
  /** Where the channels of each array are, known after `values`; null if the adapter doesn't know. */
  channels(): ('first' | 'last' | null)[]
  /** What there is for these examples: one array [N, …] per input, or per tensor at the layers. */
  values(session: PredictorSession<Value>, examples: Examples): Promise<readonly NdArray[]>
  /** The predictions with these values in place of the examples' own; every other route sees the examples. */
  predict(
    session: PredictorSession<Value>,
    examples: Examples,
    values: readonly NdArray[],
  ): Promise<NdArray>
  /** The gradients of the chosen outputs with respect to the values; row q of them belongs to example `rowOf[q]`. */
  gradients(
    session: PredictorSession<Value>,
    examples: Examples,
    rowOf: Int32Array,
    values: readonly NdArray[],
    outputIndices: Int32Array,
  ): Promise<readonly NdArray[]>
  /** The sums of gradients over points of paths; undefined if the session does not take them. */
  pathGradients(
    session: PredictorSession<Value>,
    examples: Examples,
    outputIndices: Int32Array,
    points: Points,
  ): Promise<readonly NdArray[]> | undefined
}

/** Points of paths, one per example; see PathPoints. */
export interface Points extends Pick<PathPoints, 'pathOf' | 'alphas' | 'weights' | 'sumOf'> {
  readonly starts: readonly NdArray[]
  readonly ends: readonly NdArray[]
}

/** @param specs the inputs that are attributed */
export function inputSites<Value>(specs: readonly ArraySpec[]): Sites<Value> {
  return {
    names: () => specs.map(({ name }) => name),
    channels: () => listChannels(specs),
    values: (_, { x }) => Promise.resolve(x),
    predict: (session, { further }, values) => session.predict(values, further),
    gradients: (session, { further }, rowOf, values, outputIndices) =>
      session.inputGradients(values, outputIndices, rowsAt(further, rowOf)),
    pathGradients: (session, { x, further }, outputIndices, points) =>
      session
        .pathGradients?.(x, outputIndices, further, {
          ...points,
          starts: [points.starts],
          ends: [points.ends],
        })
        .then((groups) => groups.flat()),
  }
}

export function layerSites<Value>(sites: readonly LayerSite[]): Sites<Value> {
  /** How many tensors there are at each site, once that is known. */
  let counts: readonly number[] = sites.map(() => 1)
  const grouped = (values: readonly NdArray[]): NdArray[][] => {
    const ends = counts.map((_, k) => counts.slice(0, k + 1).reduce((sum, count) => sum + count, 0))
    return ends.map((end, k) => values.slice(end - (counts[k] ?? 0), end))
  }
  return {
    names: () => distinctNames(sites.map((site, k) => namesAtLayer(site, counts[k] ?? 0))),
    channels: () => sites.flatMap((site, k) => channelsAtLayer(site, counts[k] ?? 0)),
    async values(session, { x, further }) {
      const values = await withLayers(session).activations(x, further, sites)
      counts = values.map(({ length }) => length)
      return values.flat()
    },
    predict: (session, { x, further }, values) =>
      session.predict(x, further, { sites, values: grouped(values) }),
    async gradients(session, { x, further }, rowOf, values, outputIndices) {
      const gradients = await withLayers(session).activationGradients(
        x.map((array) => takeRows(array, rowOf)),
        outputIndices,
        rowsAt(further, rowOf),
        { sites, values: grouped(values) },
      )
      return gradients.flat()
    },
    pathGradients: (session, { x, further }, outputIndices, points) =>
      session
        .pathGradients?.(x, outputIndices, further, {
          ...points,
          sites,
          starts: grouped(points.starts),
          ends: grouped(points.ends),
        })
        .then((groups) => groups.flat()),
  }
}

const rowsAt = (further: ForwardArguments, indices: Int32Array): ForwardArguments =>
  mapValues(further, (array) => takeRows(array, indices))

type WithLayers<Value> = PredictorSession<Value> &
  Required<Pick<PredictorSession<Value>, 'activations' | 'activationGradients'>>

export function withLayers<Value>(session: PredictorSession<Value>): WithLayers<Value> {
  if (session.activations && session.activationGradients) return session as WithLayers<Value>
  throw new UnsupportedError(
    'layer',
    'layer: this predictor finds layers, but its session has no activations; expected both of an adapter.',
  )
}

/**
 * The layers that an option names: one, or a list.
 *
 * @throws InvalidArgumentError if the model has no such layer; UnsupportedError if it has no layers at all
 */
export function readLayers<Value>(
  predictor: Predictor<Value>,
  layer: unknown,
  at: LayerSite['at'],
): LayerSite[] {
  if (predictor.findLayer === undefined) {
    throw new UnsupportedError(
      'layer',
      `layer: model '${predictor.name}' has no layers that gradlens can find; attribute to its inputs, or split it: ` +
        'create a model of the part after the layer, and explain it with the outputs of the part before.',
    )
  }
  const references: readonly unknown[] = Array.isArray(layer) ? layer : [layer]
  if (references.length === 0) {
    throw new InvalidArgumentError('layer', describe(layer), 'a layer or a list of layers')
  }
  return references.map((reference, k) => {
    const argument = Array.isArray(layer) ? `layer[${k}]` : 'layer'
    return predictor.findLayer!(argument, reference, at)
  })
}

/** @throws InvalidArgumentError if attributeToLayerInputs is set without a layer */
export function assertLayerOf(attributeToLayerInputs: boolean, layer: unknown): void {
  if (!attributeToLayerInputs || layer !== undefined) return
  throw new InvalidArgumentError(
    'attributeToLayerInputs',
    'true, without a layer',
    'the option layer of the explainer; without it, the inputs of the model are attributed',
  )
}

/** Runs a step of the model on the examples, `batchSize` at a time, and joins the arrays that it gives. */
export async function joinBatches<Value>(
  call: ModelCall<Value>,
  examples: Examples,
  batchSize: BatchSize,
  step: (
    session: PredictorSession<Value>,
    examples: Examples,
    start: number,
    end: number,
  ) => Promise<readonly NdArray[]>,
): Promise<NdArray[]> {
  const backend = (start: number, end: number): Promise<readonly NdArray[]> =>
    call.run((session) => step(session, examplesOf(examples, start, end), start, end))
  const size = await batchSize.resolve(call, () => examples)
  const parts: (readonly NdArray[])[] = []
  for await (const { result } of runInBatches(countExamples(examples.x), size, backend, {
    remedy: memoryRemedy,
    concurrency: await call.concurrency(),
  })) {
    parts.push(result)
    await call.pause()
  }
  return (parts[0] ?? []).map((_, k) => concatenateRows(parts.map((part) => part[k]!)))
}

export const memoryRemedy =
  'Dispose of tensors and explainers that the page no longer needs, or explain a smaller model.'

export const examplesOf = ({ x, further }: Examples, start: number, end: number): Examples => ({
  x: rowsOf(x, start, end),
  further: mapValues(further, (array) => rows(array, start, end)),
})
