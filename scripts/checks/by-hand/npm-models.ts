/**
 * Checks gradients of the models that npm's `@vladmandic/human` ships: `npx tsx
 * scripts/checks/by-hand/npm-models.ts [folder of the models]`. Without a folder it installs the package
 * into a temporary one. For each output of each model it prints whether two examples take one pass,
 * and how far gradients of parameters and of pixels are from differences of the model's outputs. A
 * model that gradlens refuses is listed with the error. The exit status is 1 if a gradient is wrong.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isGradlensError, type NdArray, type PredictorSession } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { seededRandom } from '../../../src/random.js'
import { lossGradients, hostBlock } from '../../../tests/support/gradients/host-block.js'
import { materializedGradients } from '../../../tests/support/references/materialized-gradients.js'

const packageName = '@vladmandic/human@3.3.6'

/** Differences of float32 outputs of deep models with corners, along a direction. */
const tolerance = 0.02

/**
 * How much a step changes the loss or the output, relative to it. Rounding spoils small steps and
 * corners spoil large ones: the best one counts.
 */
const changes = [1e-2, 1e-3, 1e-4, 3e-5, 3e-4, 3e-3, 3e-2]

/** The side of an image where the model leaves it open. */
const openSide = 128

const exampleCount = 2

interface Output {
  readonly folder: string
  readonly file: string
  readonly name: string
}

/** A direction in which weights are moved: numbers by the names of the weights. */
type Direction = ReadonlyMap<string, Float32Array>

/** The outputs with wrong gradients. */
const wrong: string[] = []
const [given] = process.argv.slice(2)
const temporary = given === undefined ? mkdtempSync(path.join(tmpdir(), 'gradlens-models-')) : ''
try {
  await checkModels(given ?? install(temporary))
} finally {
  if (temporary !== '') rmSync(temporary, { recursive: true })
}
if (wrong.length > 0) console.log(`Wrong: ${wrong.join(', ')}.`)
process.exitCode = wrong.length === 0 ? 0 : 1

function install(folder: string): string {
  execFileSync('npm', ['install', '--ignore-scripts', '--prefix', folder, packageName])
  return path.join(folder, 'node_modules/@vladmandic/human/models')
}

async function checkModels(folder: string): Promise<void> {
  await tf.setBackend('wasm')
  console.log('| model | output | weights | two examples | error at weights | error at pixels |')
  console.log('| ----- | ------ | ------- | ------------ | ---------------- | --------------- |')
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json') || file === 'models.json') continue
    const model = await loadModel({ folder, file })
    const names = model.outputNodes
    model.dispose()
    for (const name of names) {
      const cells = await checkOutput({ folder, file, name }).catch((error: unknown) => {
        if (isGradlensError(error)) return [`refused: ${error.message.replaceAll('|', '/')}`]
        throw error
      })
      console.log(`| ${[path.basename(file, '.json'), name, ...cells].join(' | ')} |`)
    }
  }
}

async function checkOutput(output: Output): Promise<string[]> {
  const model = await loadModel(output)
  const { warn } = console
  const warnings: string[] = []
  console.warn = (message: unknown) => warnings.push(String(message))
  try {
    const predictor = tfjsPredictor(model, { output: output.name })
    using session = await predictor.open('wasm', { allowSoftware: true })
    const x = predictor.inputs.map(({ shape, dtype }) => examplesOf(shape, dtype))
    const { shape } = await session.predict(x, {})
    const zeros = { data: new Float32Array(shape.reduce((size, n) => size * n, 1)), shape }
    const block = await hostBlock(await lossGradients(session, x, zeros, 'meanSquaredError'))
    const names = new Set(predictor.parameters.flatMap((p) => (p.trainable ? [p.name] : [])))
    const oneByOne = warnings.find((message) => message.includes('one example at a time'))
    const { direction, slope } = weightDirection(materializedGradients(block, 0))
    const atWeights = await smallestError(slope, async (by) => {
      const moved = await loadModel(output, direction, by)
      try {
        using other = await tfjsPredictor(moved, { output: output.name }).open('wasm', {
          allowSoftware: true,
        })
        return meanSquare((await other.predict(x, {})).data, shape)
      } finally {
        moved.dispose()
      }
    })
    const atPixels = predictor.inputs[0]!.dtype === 'float32' ? await pixelError(session, x) : NaN
    if (atWeights > tolerance || atPixels > tolerance) wrong.push(`${output.file}, ${output.name}`)
    return [
      String(names.size),
      oneByOne === undefined
        ? 'one pass'
        : `one by one, ${oneByOne.split('because ')[1]?.split('.')[0]}`,
      atWeights.toExponential(1),
      Number.isNaN(atPixels) ? 'whole numbers' : atPixels.toExponential(1),
    ]
  } finally {
    console.warn = warn
    model.dispose()
  }
}

/** Loads a model, its weights moved in a direction. */
async function loadModel(
  { folder, file }: Pick<Output, 'folder' | 'file'>,
  direction: Direction = new Map(),
  by = 0,
): Promise<tf.GraphModel> {
  const json = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as tf.io.ModelJSON
  const { weightsManifest, ...rest } = json
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights)
  const parts = weightsManifest.flatMap(({ paths }) =>
    paths.map((name) => new Uint8Array(readFileSync(path.join(folder, name))).buffer),
  )
  const artifacts = { ...rest, weightSpecs, weightData: parts }
  const model = await tf.loadGraphModel({ load: () => Promise.resolve(artifacts) })
  for (const [name, numbers] of direction) {
    const [tensor] = model.weights[name]!
    const moved = tf.tidy(() => tensor!.add(tf.tensor(numbers, tensor!.shape).mul(by)))
    model.weights[name]![0] = tf.keep(moved)
    tensor!.dispose()
  }
  return model
}

/** The direction of an example's gradient, in which the slope of its loss cannot cancel. */
function weightDirection(gradients: ReadonlyMap<string, Float64Array>): {
  readonly direction: Direction
  readonly slope: number
} {
  const direction = new Map([...gradients].map(([name, g]) => [name, Float32Array.from(g)]))
  const squares = [...gradients.values()].map((g) => g.reduce((sum, each) => sum + each * each, 0))
  return { direction, slope: squares.reduce((sum, square) => sum + square, 0) }
}

/** The error of a slope against differences, relative to the slope. */
async function smallestError(
  slope: number,
  valueAt: (by: number) => Promise<number>,
): Promise<number> {
  const value = await valueAt(0)
  let smallest = Infinity
  for (const change of changes) {
    const step = (change * Math.abs(value)) / Math.abs(slope)
    const difference = ((await valueAt(step)) - (await valueAt(-step))) / (2 * step)
    smallest = Math.min(smallest, Math.abs(difference - slope) / Math.abs(slope))
    if (smallest <= tolerance / 10) break
  }
  return smallest
}

/** The error of the gradient of the first output of the first example, along the gradient itself. */
async function pixelError(
  session: PredictorSession<tf.Tensor>,
  x: readonly NdArray[],
): Promise<number> {
  const [image] = x as [NdArray]
  const [gradient] = await session.inputGradients(x, new Int32Array(exampleCount), {})
  const size = image.data.length / exampleCount
  const own = gradient!.data.subarray(0, size) as Float32Array
  const squares = own.reduce((sum, g) => sum + g * g, 0)
  if (squares === 0) return 0
  return smallestError(squares, async (by) => {
    const data = Float32Array.from(image.data)
    for (let k = 0; k < size; k++) data[k]! += by * own[k]!
    const { data: predicted } = await session.predict([{ ...image, data }, ...x.slice(1)], {})
    return predicted[0]!
  })
}

/** The mean square of the first example's outputs: its loss. */
function meanSquare(outputs: ArrayLike<number>, shape: readonly number[]): number {
  const size = shape.slice(1).reduce((product, length) => product * length, 1)
  let sum = 0
  for (let k = 0; k < size; k++) sum += outputs[k]! ** 2
  return sum / size
}

function examplesOf(shape: readonly (number | null)[], dtype: string): NdArray {
  const lengths = [exampleCount, ...shape.map((length) => length ?? openSide)]
  const random = seededRandom(9)
  const size = lengths.reduce((product, length) => product * length, 1)
  const data =
    dtype === 'int32'
      ? Int32Array.from({ length: size }, () => Math.floor(random() * 256))
      : Float32Array.from({ length: size }, random)
  return { data, shape: lengths }
}
