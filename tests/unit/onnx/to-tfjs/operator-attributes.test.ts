import { expect, it } from 'vitest'
import { isGradlensError } from '../../../../src/errors.js'
import { float, type AttributeInputs } from '../../../../src/onnx/model/attributes.js'
import type { OnnxTensor } from '../../../../src/onnx/model/onnx-model.js'
import { useDevice } from '../../../support/devices/devices.js'
import { compareWithRuntime } from '../../../support/onnx/compare-converted.js'
import { bytesOf, floats, integers, nodeOf } from '../../../support/onnx/onnx-models.js'
import { seededRandom, uniform } from '../../../support/random.js'

/** An operator with random attributes, of one input and constants. */
interface Case {
  readonly op: string
  readonly shape: readonly number[]
  readonly inputs: readonly string[]
  readonly constants: Readonly<Record<string, OnnxTensor>>
  readonly attributes: AttributeInputs
  readonly opset?: number
}

class Draws {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  integer(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1))
  }

  pick<T>(options: readonly T[]): T {
    return options[this.integer(0, options.length - 1)]!
  }

  tensor(...shape: number[]): OnnxTensor {
    const size = shape.reduce((a, b) => a * b, 1)
    return floats(uniform(this.#random, size, [-1, 1]), shape)
  }
}

interface DrawnWindows {
  readonly channels: number
  readonly lengths: readonly number[]
  readonly sizes: readonly number[]
  readonly strides: readonly number[]
  /** `auto_pad` or `pads`. */
  readonly padding: AttributeInputs
}

function drawWindows(draws: Draws): DrawnWindows {
  const lengths = Array.from({ length: draws.integer(1, 2) }, () => draws.integer(3, 7))
  const sizes = lengths.map(() => draws.integer(1, 3))
  const pads = [...sizes, ...sizes].map((size) => draws.integer(0, size - 1))
  return {
    channels: draws.integer(1, 3),
    lengths,
    sizes,
    // ONNX Runtime refuses automatic padding of windows with gaps between them.
    strides: sizes.map((size) => draws.integer(1, size)),
    padding: draws.pick<AttributeInputs>([
      ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((mode) => ({ auto_pad: mode })),
      { pads },
    ]),
  }
}

const generators: Readonly<Record<string, (draws: Draws) => Case>> = {
  Conv(draws) {
    const { channels, lengths, sizes, strides, padding } = drawWindows(draws)
    const group = draws.pick([1, channels])
    const w = draws.tensor(group * draws.integer(1, 2), channels / group, ...sizes)
    const attributes = { ...padding, strides, group }
    return {
      op: 'Conv',
      shape: [channels, ...lengths],
      inputs: ['w'],
      constants: { w },
      attributes,
    }
  },
  ConvTranspose(draws) {
    const { channels, lengths, sizes, strides, padding } = drawWindows(draws)
    const w = draws.tensor(channels, draws.integer(1, 2), ...sizes)
    const [auto] = Object.keys(padding)
    const form = draws.pick<AttributeInputs>([
      padding,
      { pads: [...sizes, ...sizes].map(() => 0), output_padding: strides.map((own) => own - 1) },
      {
        ...(auto === 'auto_pad' && {
          auto_pad: draws.pick(['SAME_UPPER', 'SAME_LOWER', 'NOTSET']),
        }),
        output_shape: lengths.map(
          (length, k) => strides[k]! * (length - 1) + sizes[k]! - draws.integer(0, 1),
        ),
      },
    ])
    const attributes = { ...form, strides }
    const shape = [channels, ...lengths]
    return { op: 'ConvTranspose', shape, inputs: ['w'], constants: { w }, attributes }
  },
  pools(draws) {
    const { channels, lengths, sizes, strides, padding } = drawWindows(draws)
    const op = draws.pick(['MaxPool', 'AveragePool'])
    const attributes = {
      ...padding,
      kernel_shape: sizes,
      strides,
      ceil_mode: draws.integer(0, 1),
      ...(op === 'AveragePool' && { count_include_pad: draws.integer(0, 1) }),
    }
    const opset = draws.pick([11, 18, 19, 22])
    return { op, shape: [channels, ...lengths], inputs: [], constants: {}, attributes, opset }
  },
  Resize(draws) {
    const lengths = [draws.integer(1, 8), draws.integer(1, 8)]
    const sizes = [draws.integer(1, 16), draws.integer(1, 16)]
    const scales = lengths.map((length, k) =>
      draws.pick([sizes[k]! / length, 0.5, 0.6, 0.75, 1, 1.3333, 1.5, 2, 2.5, 3]),
    )
    const isSized = draws.pick([true, false])
    const mode = draws.pick(['nearest', 'linear'])
    const attributes = {
      axes: [2, 3],
      mode,
      coordinate_transformation_mode: draws.pick([
        ...['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'],
      ]),
      ...(mode === 'nearest' && {
        nearest_mode: draws.pick(['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil']),
      }),
    }
    const target = isSized ? integers(...sizes) : floats(scales, [2])
    const inputs = isSized ? ['', '', 'target'] : ['', 'target']
    return { op: 'Resize', shape: [2, ...lengths], inputs, constants: { target }, attributes }
  },
  'Resize of opset 10'(draws) {
    const lengths = [draws.integer(2, 8), draws.integer(2, 8)]
    const factors = draws.pick([
      [0.5, 0.6, 0.75, 1],
      [1, 1.5, 2, 2.5, 3],
    ])
    const target = floats([1, 1, draws.pick(factors), draws.pick(factors)], [4])
    const shape = [2, ...lengths]
    const attributes = { mode: 'nearest' }
    return { op: 'Resize', shape, inputs: ['target'], constants: { target }, attributes, opset: 10 }
  },
  Gemm(draws) {
    const [rows, width] = [draws.integer(1, 4), draws.integer(1, 4)] as const
    const transB = draws.integer(0, 1)
    const w = transB === 1 ? draws.tensor(rows, width) : draws.tensor(width, rows)
    const bias = draws.tensor(...draws.pick([[rows], [1, rows], [1], []]))
    const attributes = {
      transB,
      alpha: float(draws.pick([0.5, 1, -2])),
      beta: float(draws.pick([0, 1, 2])),
    }
    const constants = { w, bias }
    return { op: 'Gemm', shape: [width], inputs: ['w', 'bias'], constants, attributes }
  },
  'softmax of older opsets'(draws) {
    const shape = Array.from({ length: draws.integer(1, 3) }, () => draws.integer(1, 4))
    const axis = draws.integer(1, shape.length)
    const op = draws.pick(['Softmax', 'LogSoftmax'])
    const attributes = draws.pick([{}, { axis }])
    return { op, shape, inputs: [], constants: {}, attributes, opset: draws.pick([7, 11, 12]) }
  },
}

/** Float32 against float32. */
const tolerance = 2e-6
const caseCount = 40

it.each(Object.entries(generators))(
  'computes what ONNX Runtime does, or refuses it: %s',
  async (_, generate) => {
    await useDevice('cpu')
    let compared = 0
    for (let seed = 1; seed <= caseCount; seed++) {
      const { op, shape, inputs, constants, attributes, opset = 18 } = generate(new Draws(seed))
      const nodes = [nodeOf(op, ['x', ...inputs], 'y', attributes)]
      const bytes = bytesOf({ nodes, constants, inputs: { x: shape }, outputs: ['y'], opset })
      const description = `${op} of [${shape.join()}] ${JSON.stringify(attributes)}`
      try {
        const error = await compareWithRuntime({ bytes, shape, description }, seed)
        expect(error, description).toBeLessThanOrEqual(tolerance)
        compared++
      } catch (error) {
        if (!isGradlensError(error, 'UnsupportedError')) throw error
      }
    }
    expect(compared).toBeGreaterThan(caseCount / 2)
  },
)
