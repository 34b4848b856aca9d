import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DataFolder } from '../scripts/data/data-folder.js'
import { type Random, seededRandom, toNormal } from '../scripts/data/random.js'
import { type Activation, type Layer, weightShapes } from './layers.js'

/** A model and its data, written to files for all participants. `serve.py` reads the same files. */
export interface Case {
  readonly name: string
  readonly title: string
  readonly layers: readonly Layer[]
  readonly inputShape: readonly number[]
  readonly classCount: number
  readonly exampleCount: number
  /** The kernel and bias of each layer that has them. */
  readonly weightShapes: readonly (readonly number[])[]
  readonly parameterCount: number
}

interface Source {
  readonly title: string
  readonly layers: readonly Layer[]
  readonly inputShape: readonly number[]
  readonly exampleCount: number
  readonly weights: (shapes: readonly (readonly number[])[]) => Float32Array
  readonly data: (set: 'train' | 'test', exampleCount: number) => Data
}

interface Data {
  readonly x: Float32Array
  readonly labels: ArrayLike<number>
}

const testCount = 1

const digitsFolder = new DataFolder('mnist')

/**
 * A held-out digit that the trained net is unsure of (8, at 0.62). If the net is sure, the gradient
 * is p − 1 with few correct digits in float32, and two correct programs can differ by several
 * percent.
 */
const explainedDigit = 13

const convolution = (filters: number, kernelSize: number, padding: 'same' | 'valid'): Layer => ({
  kind: 'convolution',
  filters,
  kernelSize,
  padding,
})
const dense = (units: number, activation: Activation): Layer => ({
  kind: 'dense',
  units,
  activation,
})
const pooling: Layer = { kind: 'pooling' }
const flatten: Layer = { kind: 'flatten' }

/** The numbers of rows are those of alibi's figures. */
const sources: Readonly<Record<string, Source>> = {
  notebook: {
    title: "MNIST net of alibi's notebook",
    inputShape: [28, 28, 1],
    layers: [
      convolution(64, 2, 'same'),
      pooling,
      convolution(32, 2, 'same'),
      pooling,
      flatten,
      dense(256, 'relu'),
      dense(10, 'softmax'),
    ],
    exampleCount: 300,
    // The demo's trained model. Its dropout layers do nothing in inference.
    weights: () => readFloats(digitsFolder.file('weights.bin')),
    data: digits,
  },
  small: {
    title: 'small net',
    inputShape: [28, 28, 1],
    layers: [
      convolution(16, 3, 'valid'),
      pooling,
      convolution(32, 3, 'valid'),
      pooling,
      flatten,
      dense(64, 'relu'),
      dense(10, 'softmax'),
    ],
    exampleCount: 300,
    weights: (shapes) => randomWeights(shapes, seededRandom(1)),
    data: digits,
  },
  mlp: {
    title: '384–256–20 MLP',
    inputShape: [384],
    layers: [dense(256, 'relu'), dense(20, 'softmax')],
    exampleCount: 1000,
    weights: (shapes) => randomWeights(shapes, seededRandom(2)),
    data: (set, exampleCount) =>
      normalData(seededRandom(set === 'train' ? 3 : 4), exampleCount, 384, 20),
  },
}

export const caseNames: readonly string[] = Object.keys(sources)

/** Writes a model and its data to the folder. */
export function writeCase(name: string, folder: string, rows?: number): Case {
  const source = sources[name]
  if (source === undefined) {
    throw new Error(`Unknown model '${name}'; expected one of ${caseNames.join(', ')}.`)
  }
  const { title, layers, inputShape } = source
  const exampleCount = rows ?? source.exampleCount
  const shapes = weightShapes(inputShape, layers)
  const classCount = shapes.at(-1)?.[0] ?? 0
  const weights = source.weights(shapes)
  const parameterCount = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0)
  if (weights.length !== parameterCount) {
    const lengths = `${weights.length} weights for ${parameterCount} parameters`
    throw new Error(`${title}: ${lengths}.`)
  }
  const description: Case = {
    name,
    title,
    layers,
    inputShape,
    classCount,
    exampleCount,
    weightShapes: shapes,
    parameterCount,
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'case.json'), JSON.stringify(description))
  writeFloats(folder, 'weights', weights)
  for (const [set, count] of [
    ['train', exampleCount],
    ['test', testCount],
  ] as const) {
    const { x, labels } = source.data(set, count)
    writeFloats(folder, `x-${set}`, x)
    writeFloats(folder, `y-${set}`, oneHot(labels, classCount))
  }
  return description
}

function digits(set: 'train' | 'test', exampleCount: number): Data {
  const { images, labels } = digitsFolder.readImages(set === 'train' ? 'references' : 'held-out')
  const start = set === 'train' ? 0 : explainedDigit
  const end = start + exampleCount
  if (end > labels.length) {
    throw new Error(`There are ${labels.length} digits; ${end} were asked for.`)
  }
  const imageSize = images.length / labels.length
  return {
    x: Float32Array.from(
      images.subarray(start * imageSize, end * imageSize),
      (value) => value / 255,
    ),
    labels: labels.subarray(start, end),
  }
}

/** Rows with norms of about 1, like sentence embeddings, and random labels. */
function normalData(random: Random, exampleCount: number, width: number, classCount: number): Data {
  const normal = toNormal(random)
  const x = Float32Array.from({ length: exampleCount * width }, () => normal() / Math.sqrt(width))
  return { x, labels: Uint8Array.from({ length: exampleCount }, () => random() * classCount) }
}

/**
 * Kernels initialized as in He et al. (2015). Biases are not 0, so that a missing bias is noticed.
 */
function randomWeights(shapes: readonly (readonly number[])[], random: Random): Float32Array {
  const normal = toNormal(random)
  const parts = shapes.flatMap((shape) => {
    const deviation = shape.length === 1 ? 0.05 : Math.sqrt(2 / sizeOf(shape.slice(0, -1)))
    return Array.from({ length: sizeOf(shape) }, () => deviation * normal())
  })
  return Float32Array.from(parts)
}

function oneHot(labels: ArrayLike<number>, classCount: number): Float32Array {
  const rows = new Float32Array(labels.length * classCount)
  for (let row = 0; row < labels.length; row++) rows[row * classCount + (labels[row] ?? 0)] = 1
  return rows
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1)
}

function readFloats(file: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(file)).buffer)
}

function writeFloats(folder: string, name: string, values: Float32Array): void {
  writeFileSync(path.join(folder, `${name}.bin`), values)
}
