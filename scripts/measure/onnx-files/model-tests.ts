/**
 * Runs the model tests that the Python package `onnx` has, and compares outputs with the expected ones and gradients with
 * differences. Prints a table.
 *
 *     pip install onnx==1.23.2
 *     npx tsx scripts/measure/onnx-files/model-tests.ts <site-packages>/onnx/backend/test/data
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { isGradlensError } from '../../../src/errors.js'
import type { NdArray } from '../../../src/ndarray.js'
import type { OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { readNumbers } from '../../../src/onnx/model/tensor-data.js'
import { checkModel } from '../../../tests/support/onnx/check-model.js'
import { readTensorFile } from './tensor-file.js'

const [folder = ''] = process.argv.slice(2)
/** The kinds of tests whose files are complete; the others are downloaded by the package. */
const kinds = ['simple', 'pytorch-converted', 'pytorch-operator', 'light']

/** ONNX's own tolerances for its model tests. */
const [relative, absolute] = [1e-3, 1e-7]
/** Differences of float32 outputs, which are rounded, and whose steps cross kinks. */
const gradientTolerance = 5e-3

interface Test {
  readonly name: string
  readonly model: string
  /** Undefined for inputs that ONNX's test runner makes up. */
  readonly inputs: (() => readonly OnnxTensor[]) | undefined
  readonly outputs: () => readonly OnnxTensor[]
}

function* tests(path: string): Generator<Test> {
  for (const name of readdirSync(path)) {
    const data = join(path, name, 'test_data_set_0')
    if (!existsSync(join(path, name, 'model.onnx'))) continue
    const read = (start: string) => (): OnnxTensor[] =>
      readdirSync(data)
        .filter((file) => file.startsWith(start))
        .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
        .map((file) => readTensorFile(readFileSync(join(data, file))))
    yield {
      name,
      model: join(path, name, 'model.onnx'),
      inputs: read('input_'),
      outputs: read('output_'),
    }
  }
}

/** Networks without stored inputs. */
function* lightTests(path: string): Generator<Test> {
  for (const file of readdirSync(path).filter((name) => name.endsWith('.onnx'))) {
    const output = join(path, file.replace('.onnx', '_output_0.pb'))
    yield {
      name: file,
      model: join(path, file),
      inputs: undefined,
      outputs: () => [readTensorFile(readFileSync(output))],
    }
  }
}

interface Outcome {
  readonly forward: string
  readonly gradients: string
  readonly note: string
}

async function runTest(test: Test): Promise<Outcome> {
  try {
    const model = readModel(readFileSync(test.model), () => {
      throw new Error('external data')
    })
    const [inputs, expected] = [test.inputs?.(), test.outputs()]
    const feeds = new Map<string, NdArray>()
    for (const [k, { name, shape }] of model.graph.inputs.entries()) {
      const given = inputs?.[k]
      feeds.set(name, given === undefined ? rising(shape!) : toArray(given))
    }
    const { outputs, gradientError } = await checkModel(device, model, feeds)
    const isRight = model.graph.outputs.every((name, k) =>
      isClose(outputs.get(name)!, expected[k]!),
    )
    return {
      forward: isRight ? 'right' : 'WRONG',
      gradients:
        gradientError === undefined
          ? 'none'
          : gradientError <= gradientTolerance
            ? 'right'
            : 'WRONG',
      note: gradientError?.toExponential(1) ?? '',
    }
  } catch (error) {
    const { message } = error as Error
    const isRefused = isGradlensError(error, 'UnsupportedError')
    const gradients = isRefused ? 'refused' : 'FAILED'
    return {
      forward: await forwardAlone(test),
      gradients,
      note: message.split('\n')[0]!.slice(0, 160),
    }
  }
}

/** Runs the model as it is, for models whose gradients are refused. */
async function forwardAlone(test: Test): Promise<string> {
  try {
    const bytes = readFileSync(test.model)
    const { graph } = readModel(bytes, () => {
      throw new Error('external data')
    })
    const [inputs, expected] = [test.inputs?.() ?? [], test.outputs()]
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 })
    const feeds = graph.inputs.map(({ name, type }, k) => {
      const { bytes: data, shape } = inputs[k]!
      const copy = data.slice().buffer
      const array =
        type === 'float32'
          ? new Float32Array(copy)
          : type === 'int64'
            ? new BigInt64Array(copy)
            : new Float64Array(copy)
      return [name, new ort.Tensor(type as 'float32', array as Float32Array, [...shape])] as const
    })
    const results = await session.run(Object.fromEntries(feeds))
    const isRight = graph.outputs.every((name, k) => {
      const { data, dims } = results[name]!
      return isClose(
        { data: Float64Array.from(data as Float32Array, Number), shape: dims },
        expected[k]!,
      )
    })
    return isRight ? 'right' : 'WRONG'
  } catch (error) {
    return `not run (${(error as Error).message.split('\n')[0]!.slice(0, 60)})`
  }
}

const toArray = (tensor: OnnxTensor): NdArray => ({
  data: Float64Array.from(readNumbers(tensor)),
  shape: tensor.shape,
})

function rising(shape: readonly (number | null)[]): NdArray {
  const lengths = shape.map((length) => length ?? 1)
  const size = lengths.reduce((a, b) => a * b, 1)
  return { data: Float32Array.from({ length: size }, (_, k) => k / size), shape: lengths }
}

function isClose({ data, shape }: NdArray, expected: OnnxTensor): boolean {
  const numbers = readNumbers(expected)
  return (
    shape.join() === expected.shape.join() &&
    numbers.every(
      (value, k) =>
        data[k] === value ||
        Math.abs(data[k]! - value) <= absolute + relative * Math.abs(value) ||
        (Number.isNaN(data[k]) && Number.isNaN(value)),
    )
  )
}

const device = { name: 'native', ort: ort as never, provider: 'cpu' } as const
const counts = { tests: 0, forward: 0, gradients: 0, none: 0, refused: 0 }
for (const kind of kinds) {
  for (const test of kind === 'light'
    ? lightTests(join(folder, kind))
    : tests(join(folder, kind))) {
    const result = await runTest(test)
    counts.tests++
    if (result.forward === 'right') counts.forward++
    if (result.gradients === 'right') counts.gradients++
    if (result.gradients === 'none') counts.none++
    if (result.gradients === 'refused') counts.refused++
    const { forward, gradients, note } = result
    console.log([kind, test.name, `forward ${forward}`, `gradients ${gradients}`, note].join('\t'))
  }
}
console.log(
  `${counts.tests} tests: forward right ${counts.forward}; gradients right ${counts.gradients}, ` +
    `${counts.refused} refused, ${counts.none} without a float input or constant to differentiate by`,
)
