import {
  type Activations,
  type Device,
  DeviceError,
  DisposedError,
  type ForwardArguments,
  type GradientBlock,
  type GradientSegment,
  InvalidArgumentError,
  type LayerSite,
  type Labels,
  type LossFunction,
  type NamedWeight,
  type NdArray,
  type ParameterSpec,
  type PositionLoss,
  type Predictor,
  type PredictorSession,
} from 'gradlens'
import { outputGradient, softmax } from './dense-net-losses.js'

export type DenseActivation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softmax'

export interface DenseLayer {
  /** [in, out] */
  readonly kernel: readonly (readonly number[])[]
  readonly bias: readonly number[]
  readonly activation: DenseActivation
  readonly trainable?: boolean
}

export interface DenseNetOptions {
  /** The inputs' shapes; they are flattened and joined before the first layer. One vector, if not said. */
  readonly inputShapes?: readonly (readonly number[])[]
  /** The last layer's outputs in this shape. A vector, if not said. */
  readonly outputShape?: readonly number[]
}

/** Layers from weights in the order kernel, bias, kernel, bias, … */
export function denseLayers(
  weights: readonly unknown[],
  activations: readonly DenseActivation[],
): DenseLayer[] {
  return activations.map((activation, layer) => ({
    kernel: weights[2 * layer] as number[][],
    bias: weights[2 * layer + 1] as number[],
    activation,
  }))
}

/**
 * Dense layers in plain TypeScript and float64, on the cpu: a Predictor that knows no framework. Its loss functions
 * take and return NdArrays.
 *
 * Further argument `gain` [N, …]: multiplies each example's joined inputs. Its layers are found by their numbers.
 */
export function densePredictor(
  layers: readonly DenseLayer[],
  options: DenseNetOptions = {},
): Predictor<NdArray> {
  const inputShapes = options.inputShapes ?? [[layers[0]?.kernel.length ?? 0]]
  const outputShape = options.outputShape ?? [layers.at(-1)?.bias.length ?? 0]
  const parameters = layers.flatMap(
    ({ kernel, bias, trainable = true }, layer): ParameterSpec[] => [
      { name: `${layer}/kernel`, shape: [kernel.length, bias.length], trainable },
      { name: `${layer}/bias`, shape: [bias.length], trainable },
    ],
  )
  return {
    name: 'dense-net',
    inputs: inputShapes.map((shape, i) => ({ name: `input${i}`, shape, dtype: 'float32' })),
    output: { name: 'output', shape: outputShape, dtype: 'float32' },
    parameters,
    findLayer(argument: string, reference: unknown, at: LayerSite['at']): LayerSite {
      if (layers[reference as number] !== undefined) return { layer: String(reference), at }
      const expected = `a layer's number, 0 to ${layers.length - 1}`
      throw new InvalidArgumentError(argument, String(reference), expected)
    },
    open(device: Device) {
      if (device === 'cpu') {
        const inputNames = inputShapes.map((_, i) => `input${i}`)
        return Promise.resolve(new DenseSession(layers, outputShape, inputNames))
      }
      const message = `${device}: a dense net in plain TypeScript runs on the cpu alone.`
      return Promise.reject(new DeviceError(device, message))
    },
  }
}

/** One example on its way through the layers: what goes into each, and at last what comes out. */
interface Trace {
  readonly gain: readonly number[]
  readonly activations: readonly (readonly number[])[]
}

class DenseSession implements PredictorSession<NdArray> {
  readonly #layers: readonly DenseLayer[]
  readonly #outputShape: readonly number[]
  readonly #inputNames: readonly string[]
  #seen: readonly DenseLayer[] = []
  #version = 0
  #isDisposed = false

  constructor(
    layers: readonly DenseLayer[],
    outputShape: readonly number[],
    inputNames: readonly string[],
  ) {
    this.#layers = layers
    this.#outputShape = outputShape
    this.#inputNames = inputNames
  }

  /** Layers are replaced, not changed. */
  get weightsVersion(): number {
    if (this.#layers.some((layer, k) => layer !== this.#seen[k])) {
      this.#seen = [...this.#layers]
      this.#version++
    }
    return this.#version
  }

  weights(): Promise<NamedWeight[]> {
    return Promise.resolve(
      this.#layers.flatMap(({ kernel, bias }, layer) => [
        { name: `${layer}/kernel`, value: arrayOf(kernel) },
        {
          name: `${layer}/bias`,
          value: { data: Float64Array.from(bias), shape: [bias.length] },
        },
      ]),
    )
  }

  async predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray> {
    const outputs = (await this.#traces(x, forwardArguments, activations)).map(outputOf)
    const shape = [outputs.length, ...this.#outputShape]
    return { data: Float64Array.from(outputs.flat()), shape }
  }

  async inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    const gradients = this.#inputs(x, forwardArguments).map(({ data, shape }) => ({
      data: new Float64Array(data.length),
      shape,
    }))
    for (const [i, trace] of (await this.#traces(x, forwardArguments)).entries()) {
      const seed = outputOf(trace).map((_, k) => (k === outputIndices[i] ? 1 : 0))
      const { input } = this.#backward(trace, { at: 'output', gradient: seed })
      const joined = input.map((value, k) => value * (trace.gain[k] ?? 1))
      let from = 0
      for (const { data, shape } of gradients) {
        const size = data.length / (shape[0] ?? 1)
        data.set(joined.slice(from, from + size), i * size)
        from += size
      }
    }
    return gradients.filter((_, j) => forwardArguments[this.#inputNames[j]!] === undefined)
  }

  /** All inputs: those that are given by their names, and x's in the place of the others. */
  #inputs(x: readonly NdArray[], named: ForwardArguments): NdArray[] {
    const others = [...x]
    return this.#inputNames.map((name) => named[name] ?? others.shift()!)
  }

  async activations(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]> {
    const traces = await this.#traces(x, forwardArguments)
    return sites.map((site) => [
      arrayOf(traces.map(({ activations }) => activations[positionOf(site)] ?? [])),
    ])
  }

  async activationGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]> {
    const given = 'values' in at ? at : undefined
    const traces = await this.#traces(x, forwardArguments, given)
    const cut = new Set(given?.sites.map(positionOf))
    const backward = traces.map((trace, i) => {
      const seed = outputOf(trace).map((_, k) => (k === outputIndices[i] ? 1 : 0))
      return this.#backward(trace, { at: 'output', gradient: seed }, cut)
    })
    return at.sites.map((site) => [
      arrayOf(backward.map(({ gradients }) => gradients[positionOf(site)] ?? [])),
    ])
  }

  async lossGradients(
    x: readonly NdArray[],
    y: Labels,
    loss: PositionLoss | LossFunction<NdArray>,
  ): Promise<GradientBlock> {
    const traces = await this.#traces(x, {})
    const last = this.#layers.at(-1)?.activation ?? 'linear'
    const backward = traces.map((trace, i) => {
      const labelSize = y.data.length / traces.length
      const label = [...y.data.subarray(i * labelSize, (i + 1) * labelSize)]
      const labelShape = [1, ...y.shape.slice(1)]
      const outputShape = [1, ...this.#outputShape]
      const output = outputOf(trace)
      const factors = y.factors && rowOf(y.factors, i)
      const seed = outputGradient(loss, { label, labelShape, output, outputShape, factors }, last)
      return this.#backward(trace, seed)
    })
    const segments = this.#layers.flatMap(({ kernel, bias, trainable = true }, layer) => {
      if (!trainable) return []
      const deltas = backward.map(({ deltas }) => deltas[layer] ?? [])
      const factored: GradientSegment = {
        kind: 'factored',
        parameter: `${layer}/kernel`,
        positions: 1,
        inputSize: kernel.length,
        outputSize: bias.length,
        a: Float32Array.from(traces.flatMap(({ activations }) => activations[layer] ?? [])),
        delta: Float32Array.from(deltas.flat()),
      }
      const dense: GradientSegment = {
        kind: 'dense',
        parameter: `${layer}/bias`,
        size: bias.length,
        values: Float32Array.from(deltas.flat()),
      }
      return [factored, dense]
    })
    return { exampleCount: traces.length, segments }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
  }

  async #traces(
    x: readonly NdArray[],
    { gain, ...others }: ForwardArguments,
    replaced: Activations = { sites: [], values: [] },
  ): Promise<Trace[]> {
    await Promise.resolve()
    if (this.#isDisposed) throw new DisposedError('This session was disposed; open another one.')
    const unknown = Object.keys(others).find((name) => !this.#inputNames.includes(name))
    if (unknown !== undefined) {
      throw new InvalidArgumentError('forwardKwargs', `'${unknown}'`, "'gain'")
    }
    const inputs = this.#inputs(x, others)
    return Array.from({ length: x[0]?.shape[0] ?? 0 }, (_, i) => {
      const input = inputs.flatMap((array) => rowOf(array, i))
      const factors = gain === undefined ? [] : rowOf(gain, i)
      const repeated = input.map((_, k) =>
        gain === undefined ? 1 : (factors[k % factors.length] ?? 1),
      )
      const activations = [input.map((value, k) => value * (repeated[k] ?? 1))]
      for (const layer of [undefined, ...this.#layers]) {
        if (layer !== undefined) activations.push(forward(layer, activations.at(-1) ?? []))
        const site = replaced.sites.findIndex((one) => positionOf(one) === activations.length - 1)
        const value = replaced.values[site]?.[0]
        if (value !== undefined) activations[activations.length - 1] = rowOf(value, i)
      }
      return { gain: repeated, activations }
    })
  }

  #backward(
    { activations }: Trace,
    seed: { at: 'output' | 'logits'; gradient: readonly number[] },
    cut: ReadonlySet<number> = new Set(),
  ): { deltas: number[][]; input: number[]; gradients: number[][] } {
    const deltas: number[][] = []
    let gradient = [...seed.gradient]
    const gradients = [gradient]
    for (let layer = this.#layers.length - 1; layer >= 0; layer--) {
      const { kernel, activation } = this.#layers[layer]!
      // Nothing before activations that were put in place has an influence.
      if (cut.has(layer + 1)) gradient = gradient.map(() => 0)
      const isSeed = layer === this.#layers.length - 1 && seed.at === 'logits'
      const delta = isSeed
        ? gradient
        : throughActivation(activation, activations[layer + 1] ?? [], gradient)
      deltas.unshift(delta)
      gradient = kernel.map((row) => dot(row, delta))
      gradients.unshift(gradient)
    }
    return { deltas, input: gradient, gradients }
  }
}

/** The place of a site's values among a trace's activations. */
const positionOf = ({ layer, at }: LayerSite): number => Number(layer) + (at === 'inputs' ? 0 : 1)

const arrayOf = (rows: readonly (readonly number[])[]): NdArray => ({
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 0],
})

const outputOf = ({ activations }: Trace): number[] => [...(activations.at(-1) ?? [])]

function rowOf({ data, shape }: NdArray, row: number): number[] {
  const size = data.length / (shape[0] ?? 1)
  return [...data.subarray(row * size, (row + 1) * size)]
}

function forward({ kernel, bias, activation }: DenseLayer, input: readonly number[]): number[] {
  const z = bias.map((b, j) => b + input.reduce((sum, a, i) => sum + a * (kernel[i]?.[j] ?? 0), 0))
  switch (activation) {
    case 'linear':
      return z
    case 'relu':
      return z.map((value) => Math.max(value, 0))
    case 'tanh':
      return z.map(Math.tanh)
    case 'sigmoid':
      return z.map((value) => 1 / (1 + Math.exp(-value)))
    case 'softmax':
      return softmax(z)
  }
}

/** The gradient at a layer's pre-activations from that at its outputs `a`. */
function throughActivation(
  activation: DenseActivation,
  a: readonly number[],
  gradient: readonly number[],
): number[] {
  switch (activation) {
    case 'linear':
      return [...gradient]
    case 'relu':
      return a.map((value, k) => (value > 0 ? (gradient[k] ?? 0) : 0))
    case 'tanh':
      return a.map((value, k) => (1 - value * value) * (gradient[k] ?? 0))
    case 'sigmoid':
      return a.map((value, k) => value * (1 - value) * (gradient[k] ?? 0))
    case 'softmax': {
      const mean = dot(a, gradient)
      return a.map((value, k) => value * ((gradient[k] ?? 0) - mean))
    }
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0)
}
