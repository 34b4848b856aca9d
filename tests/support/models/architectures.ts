import * as tf from '@tensorflow/tfjs'
import type { NdArray, Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { onTestFinished } from 'vitest'
import { fixtureBytes } from '../stores/fixture-bytes.js'
import { generateFloats } from './generated.js'
import { disposedAfterTest } from './models.js'

/** A well-known architecture as tests/peers/architectures wrote it, with what float64 TensorFlow computes. */
export interface Architecture {
  readonly kind: 'layers' | 'graph'
  readonly inputs: readonly ArrayRule[]
  readonly labels: readonly number[]
  readonly target: number
  /** Base64, as all arrays of numbers. */
  readonly logits: string
  /** The error of TensorFlow's own float32. */
  readonly float32Error: Readonly<Record<'logits' | 'largest' | 'own' | 'inputs', number>>
  /** By the names of the inputs. */
  readonly inputGradients: Readonly<Record<string, GradientSums>>
  /** By the seeds of the weights: copies of a weight have one seed. */
  readonly lossGradients: Readonly<Record<string, GradientSums>>
  readonly wholeGradients: Readonly<Record<string, string>>
  readonly layer?: { readonly name: string; readonly gradients: string }
  readonly weights: readonly ArrayRule[]
  readonly topology: object
}

/** An array that is generated from its seed, or from its name, or given. */
interface ArrayRule {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly seed?: string
  readonly scale?: number
  readonly offset?: number
  readonly values?: readonly number[]
}

/** Per example, the norm of a gradient and its signed sums. */
export interface GradientSums {
  readonly norms: readonly number[]
  readonly sums: string
}

export async function readArchitecture(file: string): Promise<Architecture> {
  const packed = new Blob([await fixtureBytes(`architectures/${file}.json.gz`)])
  const stream = packed.stream().pipeThrough(new DecompressionStream('gzip'))
  return (await new Response(stream).json()) as Architecture
}

/** The model with its generated weights. It is disposed when the test ends. */
export async function architecturePredictor({
  kind,
  topology,
  weights,
}: Architecture): Promise<Predictor<tf.Tensor>> {
  const artifacts = {
    ...(kind === 'layers' ? { modelTopology: topology } : topology),
    weightSpecs: weights.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype })),
    weightData: weights.map((weight) => arrayOf(weight).buffer as ArrayBuffer),
  }
  const handler = { load: () => Promise.resolve(artifacts) }
  if (kind === 'layers') return tfjsPredictor(disposedAfterTest(await tf.loadLayersModel(handler)))
  const model = await tf.loadGraphModel(handler)
  onTestFinished(() => {
    model.dispose()
  })
  return tfjsPredictor(model)
}

/** The examples: per input an array [examples, …]. */
export const examplesOf = ({ inputs }: Architecture): NdArray[] =>
  inputs.map((rule) => ({ data: arrayOf(rule) as Float32Array | Int32Array, shape: rule.shape }))

function arrayOf({ name, seed, shape, dtype, scale, offset, values }: ArrayRule): tf.TypedArray {
  if (values === undefined) {
    return generateFloats(seed ?? name, tf.util.sizeFromShape([...shape]), scale, offset)
  }
  if (dtype === 'bool') return Uint8Array.from(values)
  return dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)
}
