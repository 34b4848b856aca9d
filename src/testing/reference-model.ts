import type { TestActivation, TestLayer, TestModel, TestWeight } from './test-model.js'

/** The value of one example at a layer, in float64. */
export interface Value {
  readonly data: Float64Array
  readonly shape: readonly number[]
}

/** The weights of a model, in float64. */
export type WeightValues = readonly Float64Array[]

export const weightValues = ({ weights }: Pick<TestModel, 'weights'>): WeightValues =>
  weights.map(({ values }) => Float64Array.from(values))

/**
 * Computes the outputs of all layers for one example, by their definitions.
 *
 * @param start the output of the layer `from` − 1, or the inputs if `from` is 0
 */
export function runReference(
  model: TestModel,
  weights: WeightValues,
  start: readonly Value[],
  from = 0,
): Value[] {
  const outputs: Value[] = []
  let current = start
  for (const layer of model.layers.slice(from)) {
    const output = applyLayer(layer, current, model.weights, weights)
    outputs.push(output)
    current = [output]
  }
  return outputs
}

function applyLayer(
  layer: TestLayer,
  inputs: readonly Value[],
  specs: readonly TestWeight[],
  weights: WeightValues,
): Value {
  const weight = (index: number): Value => ({ data: weights[index]!, shape: specs[index]!.shape })
  const input = inputs[0]!
  switch (layer.kind) {
    case 'flatten': {
      const data = Float64Array.from(inputs.flatMap((value) => [...value.data]))
      return { data, shape: [data.length] }
    }
    case 'dense':
      return activate(
        addBias(multiply(input, weight(layer.kernel)), weight(layer.bias)),
        layer.activation,
      )
    case 'convolution': {
      const output = convolve(input, weight(layer.kernel), layer.strides, layer.padding)
      return activate(addBias(output, weight(layer.bias)), layer.activation)
    }
    case 'lookup': {
      const { data, shape } = weight(layer.table)
      const rowSize = shape[1]!
      return {
        data: Float64Array.from({ length: input.data.length * rowSize }, (_, at) => {
          return data[input.data[Math.floor(at / rowSize)]! * rowSize + (at % rowSize)]!
        }),
        shape: [input.data.length, rowSize],
      }
    }
    case 'attention':
      return attend(input, layer, weight)
    case 'mean': {
      const [positions = 1, size = 1] = input.shape
      const data = Float64Array.from({ length: size }, (_, k) => {
        let sum = 0
        for (let t = 0; t < positions; t++) sum += input.data[t * size + k]!
        return sum / positions
      })
      return { data, shape: [size] }
    }
  }
}

/** [positions, inputs] · [inputs, outputs]. Axes before the last one are positions. */
function multiply(x: Value, kernel: Value): Value {
  const [inputSize = 1, outputSize = 1] = kernel.shape
  const positions = x.data.length / inputSize
  const data = Float64Array.from({ length: positions * outputSize }, (_, at) => {
    const [t, j] = [Math.floor(at / outputSize), at % outputSize]
    let sum = 0
    for (let i = 0; i < inputSize; i++) {
      sum += x.data[t * inputSize + i]! * kernel.data[i * outputSize + j]!
    }
    return sum
  })
  return { data, shape: [...x.shape.slice(0, -1), outputSize] }
}

function addBias({ data, shape }: Value, bias: Value): Value {
  return { data: data.map((value, at) => value + bias.data[at % bias.data.length]!), shape }
}

function activate({ data, shape }: Value, activation: TestActivation): Value {
  switch (activation) {
    case 'linear':
      return { data, shape }
    case 'relu':
      return { data: data.map((value) => Math.max(0, value)), shape }
    case 'tanh':
      return { data: data.map(Math.tanh), shape }
    case 'sigmoid':
      return { data: data.map((value) => 1 / (1 + Math.exp(-value))), shape }
    case 'softmax': {
      const size = shape.at(-1)!
      const exponentials = data.map(Math.exp)
      return {
        data: exponentials.map((value, at) => {
          const start = at - (at % size)
          return value / exponentials.subarray(start, start + size).reduce((sum, own) => sum + own)
        }),
        shape,
      }
    }
  }
}

function convolve(
  image: Value,
  kernel: Value,
  [strideHeight, strideWidth]: readonly [number, number],
  padding: number,
): Value {
  const [height = 1, width = 1, channels = 1] = image.shape
  const [kernelHeight = 1, kernelWidth = 1, , filters = 1] = kernel.shape
  const outHeight = Math.floor((height + 2 * padding - kernelHeight) / strideHeight) + 1
  const outWidth = Math.floor((width + 2 * padding - kernelWidth) / strideWidth) + 1
  const pixel = (row: number, column: number, channel: number): number =>
    row < 0 || column < 0 || row >= height || column >= width
      ? 0
      : image.data[(row * width + column) * channels + channel]!
  const data: number[] = []
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let filter = 0; filter < filters; filter++) {
        let sum = 0
        for (let i = 0; i < kernelHeight; i++) {
          for (let j = 0; j < kernelWidth; j++) {
            for (let c = 0; c < channels; c++) {
              const y = row * strideHeight + i - padding
              const x = column * strideWidth + j - padding
              const at = ((i * kernelWidth + j) * channels + c) * filters + filter
              sum += pixel(y, x, c) * kernel.data[at]!
            }
          }
        }
        data.push(sum)
      }
    }
  }
  return { data: Float64Array.from(data), shape: [outHeight, outWidth, filters] }
}

function attend(
  x: Value,
  layer: Extract<TestLayer, { kind: 'attention' }>,
  weight: (index: number) => Value,
): Value {
  const [positions = 1, size = 1] = x.shape
  const [q, k, v] = [layer.query, layer.key, layer.value].map((index) => multiply(x, weight(index)))
  const logits = multiply(q!, transpose(k!))
  const scaled = { ...logits, data: logits.data.map((value) => value / Math.sqrt(size)) }
  const attended = multiply(activate(scaled, 'softmax'), v!)
  return multiply({ ...attended, shape: [positions, size] }, weight(layer.output))
}

function transpose({ data, shape }: Value): Value {
  const [rowCount = 1, columnCount = 1] = shape
  return {
    data: Float64Array.from(
      data,
      (_, at) => data[(at % rowCount) * columnCount + Math.floor(at / rowCount)]!,
    ),
    shape: [columnCount, rowCount],
  }
}
