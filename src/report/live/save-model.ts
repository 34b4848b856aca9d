import { InvalidArgumentError } from '../../errors.js'
import { isRecord } from '../../is-record.js'
import { joinArrays } from '../../join-arrays.js'
import type { ModelDescription } from '../../live/live-files.js'
import { describe } from '../../options.js'
import { checkLayers } from './check-layers.js'

/** Receives a model's artifacts, as the handlers of TensorFlow.js do. */
export interface SaveHandler {
  /** Takes the model's topology and weights, as tf.io.IOHandler does. */
  save(artifacts: unknown): Promise<{
    readonly modelArtifactsInfo: {
      readonly dateSaved: Date
      readonly modelTopologyType: 'JSON'
    }
  }>
}

/** A LayersModel or GraphModel of TensorFlow.js, as far as a report uses it. */
export interface SavedModel {
  /** Passes the topology and the weights to the handler. */
  save(handler: SaveHandler): Promise<unknown>
}

/** The parts of a model's artifacts that it is loaded from again. */
interface Artifacts {
  readonly modelTopology?: unknown
  readonly weightSpecs?: readonly object[]
  readonly weightData?: ArrayBuffer | readonly ArrayBuffer[]
  readonly signature?: object
  readonly userDefinedMetadata?: object
}

/**
 * The model as its file would describe it, and its weights.
 *
 * @throws InvalidArgumentError for anything but such a model, or a model with layers or operations
 *   of the caller's own, which the page doesn't have
 */
export async function saveModel(
  model: SavedModel,
): Promise<{ readonly description: ModelDescription; readonly weights: Uint8Array }> {
  const artifacts = await readArtifacts(model)
  const { modelTopology, weightSpecs = [], weightData = [], signature } = artifacts
  const { userDefinedMetadata } = artifacts
  if (!isRecord(modelTopology)) throw createModelError(model)
  const format = 'node' in modelTopology ? 'graph-model' : 'layers-model'
  if (format === 'layers-model') checkLayers(modelTopology)
  const description = {
    format,
    modelTopology,
    weightSpecs,
    ...(signature === undefined ? {} : { signature }),
    ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
  } as const
  return { description, weights: join(weightData) }
}

async function readArtifacts(model: SavedModel): Promise<Artifacts> {
  if (!isRecord(model) || typeof model.save !== 'function') throw createModelError(model)
  let saved: Artifacts = {}
  await model.save({
    save(artifacts) {
      saved = artifacts as Artifacts
      const modelArtifactsInfo = { dateSaved: new Date(), modelTopologyType: 'JSON' } as const
      return Promise.resolve({ modelArtifactsInfo })
    },
  })
  return saved
}

function createModelError(model: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    'live.model',
    describe(model),
    'a LayersModel or a GraphModel of TensorFlow.js, as tf.loadLayersModel and tf.loadGraphModel return; or the bytes ' +
      'or the URL of an .onnx file',
  )
}

function join(data: ArrayBuffer | readonly ArrayBuffer[]): Uint8Array {
  const parts = Array.isArray(data) ? (data as readonly ArrayBuffer[]) : [data as ArrayBuffer]
  return joinArrays(
    Uint8Array,
    parts.map((part) => new Uint8Array(part)),
  )
}
