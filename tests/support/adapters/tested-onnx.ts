import type { LossFunction, NdArray } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import type { TestedAdapter, TestedPredictor, TestLayer, TestModel } from 'gradlens/testing'
import { readLoss } from '../../../src/losses/loss.js'
import type { OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import type { RuntimeDevice } from '../../../src/onnx/runtime/runtime.js'
import { bytesOf, floats, integers, nodeOf } from '../onnx/onnx-models.js'

const power = (yTrue: NdArray, yPred: NdArray): number =>
  [...yPred.data].reduce((sum, value, k) => sum + (yTrue.data[k]! - value) ** 4, 0)

/** Σ (yTrue − yPred)⁴, with its gradient. */
const fourthPowers = readLoss<NdArray>({
  value: power,
  gradient: (yTrue, yPred) => ({
    data: Float64Array.from(yPred.data, (value, k) => 4 * (value - yTrue.data[k]!) ** 3),
    shape: yPred.shape,
  }),
}) as LossFunction<NdArray>

/** ONNX models on a device, for the cases of gradlens/testing. Images have their channels first. */
export const testedOnnx = (
  { ort, name }: Pick<RuntimeDevice, 'ort' | 'name'>,
  refused: TestedAdapter['refused'],
): TestedAdapter<NdArray> => ({
  device: name,
  refused,
  hasLayers: true,
  hasPaths: true,
  hasGpuBlocks: name === 'webgpu',
  freezes: false,
  lossFunction: fourthPowers,
  create: (model) => createPredictor(ort, model),
})

const activations = {
  linear: 'Identity',
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
  tanh: 'Tanh',
} as const

async function createPredictor(
  ort: RuntimeDevice['ort'],
  model: TestModel,
): Promise<TestedPredictor<NdArray>> {
  const graph = new TestGraph(model)
  const layers = model.layers.map((layer, k) => graph.addLayer(layer, `layer${k}`))
  const isImage = (shape: readonly number[]): boolean => shape.length === 3
  const bytes = bytesOf({
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: Object.fromEntries(
      model.inputs.map(({ name, shape }) => [
        name,
        isImage(shape) ? [shape[2]!, shape[0]!, shape[1]!] : shape,
      ]),
    ),
    types: Object.fromEntries(
      model.inputs.flatMap(({ name, integersBelow }) =>
        integersBelow === undefined ? [] : [[name, 'int64']],
      ),
    ),
    outputs: [layers.at(-1)!],
  })
  const predictor = await onnxPredictor(ort, bytes)
  return {
    predictor,
    layers,
    parameters: model.weights.map(({ name }) => ({ name })),
    setWeights: (values) => {
      const weights = model.weights.map((weight, k) => {
        const { bytes: own, shape } = inFile({ ...weight, values: values[k]! })
        return [weight.name, { data: new Float32Array(own.slice().buffer), shape }] as const
      })
      predictor.setWeights(Object.fromEntries(weights))
    },
  }
}

/** A weight in the file's layout: filters are [filters, channels, height, width]. */
function inFile({ shape, values }: TestModel['weights'][number]): OnnxTensor {
  if (shape.length !== 4) return floats(values, shape)
  const [height = 1, width = 1, channels = 1, filters = 1] = shape
  const taps = height * width
  const data = values.map((_, at) => {
    const tap = at % taps
    const channel = Math.floor(at / taps) % channels
    const filter = Math.floor(at / (taps * channels))
    return values[(tap * channels + channel) * filters + filter]!
  })
  return floats(data, [filters, channels, height, width])
}

/** Builds the operators of a model, layer by layer. */
class TestGraph {
  readonly nodes: OnnxNode[] = []
  readonly constants: Record<string, OnnxTensor> = {}
  readonly #model: TestModel
  #tensors: readonly string[]
  #isImage: boolean

  constructor(model: TestModel) {
    this.#model = model
    this.#tensors = model.inputs.map(({ name }) => name)
    this.#isImage = model.layers[0]?.kind === 'convolution'
    for (const weight of model.weights) this.constants[weight.name] = inFile(weight)
  }

  /** Returns the tensor that is the layer's output. */
  addLayer(layer: TestLayer, name: string): string {
    const output = this.#add(layer, name)
    this.#tensors = [output]
    return output
  }

  #add(layer: TestLayer, name: string): string {
    const [x = ''] = this.#tensors
    const step = (op: string, inputs: readonly string[], part: string, attributes = {}): string => {
      this.nodes.push(nodeOf(op, inputs, `${name}.${part}`, attributes))
      return `${name}.${part}`
    }
    const weight = (index: number): string => this.#model.weights[index]!.name
    switch (layer.kind) {
      case 'flatten': {
        const flat = this.#tensors.map((tensor, k) => {
          const own = this.#isImage
            ? step('Transpose', [tensor], 'last', { perm: [0, 2, 3, 1] })
            : tensor
          return step('Flatten', [own], `flat${k}`)
        })
        this.#isImage = false
        return flat.length === 1 ? flat[0]! : step('Concat', flat, 'joined', { axis: 1 })
      }
      case 'dense': {
        const product = step('MatMul', [x, weight(layer.kernel)], 'product')
        const sum = step('Add', [product, weight(layer.bias)], 'sum')
        return step(activations[layer.activation], [sum], 'output')
      }
      case 'convolution': {
        const { padding, strides } = layer
        const inputs = [x, weight(layer.kernel), weight(layer.bias)]
        const pads = [padding, padding, padding, padding]
        const sum = step('Conv', inputs, 'sum', { pads, strides: [...strides] })
        return step(activations[layer.activation], [sum], 'output')
      }
      case 'lookup':
        return step('Gather', [weight(layer.table), x], 'rows')
      case 'mean':
        this.constants['axis 1'] = integers(1)
        return step('ReduceMean', [x, 'axis 1'], 'mean', { keepdims: 0 })
      case 'attention':
        return this.#attend(layer, x, step, weight)
    }
  }

  /** As PyTorch exports it: all positions of all examples are the rows of one matrix. */
  #attend(
    layer: Extract<TestLayer, { kind: 'attention' }>,
    x: string,
    step: (op: string, inputs: readonly string[], part: string, attributes?: object) => string,
    weight: (index: number) => string,
  ): string {
    const [positions = 1, size = 1] = this.#model.inputs[0]!.shape
    const isTimeMajor = layer.layout === 'timeMajor'
    const swap = (tensor: string, part: string): string =>
      isTimeMajor ? step('Transpose', [tensor], part, { perm: [1, 0, 2] }) : tensor
    this.constants['rows'] = integers(-1, size)
    this.constants['split'] = isTimeMajor
      ? integers(positions, -1, size)
      : integers(-1, positions, size)
    this.constants['root'] = floats([Math.sqrt(size)], [])
    const multiply = (tensor: string, index: number, part: string): string => {
      const rows = step('Reshape', [tensor, 'rows'], `${part}.rows`)
      const product = step('MatMul', [rows, weight(index)], `${part}.product`)
      const split = step('Reshape', [product, 'split'], `${part}.split`)
      return swap(split, `${part}.batchFirst`)
    }
    const ordered = swap(x, 'ordered')
    const q = multiply(ordered, layer.query, 'q')
    const k = multiply(ordered, layer.key, 'k')
    const v = multiply(ordered, layer.value, 'v')
    const columns = step('Transpose', [k], 'columns', { perm: [0, 2, 1] })
    const scaled = step('Div', [step('MatMul', [q, columns], 'scores'), 'root'], 'scaled')
    const attended = step('MatMul', [step('Softmax', [scaled], 'shares'), v], 'attended')
    return multiply(swap(attended, 'again'), layer.output, 'output')
  }
}
