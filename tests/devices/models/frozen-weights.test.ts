import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import {
  type GraphSpec,
  loadGraph,
  node,
  pictureGraph,
  placeholder,
} from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { exampleCount, labels, randomInput } from '../../support/gradients/labelled-examples.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectSameGradient, singleGradient } from '../../support/references/single-gradients.js'

const loss = 'sparseCategoricalCrossentropyFromLogits'
const width = 3

type BiasKind = 'trained' | 'zeros' | 'unit forget'
type Layout = 'siamese' | 'repeated' | 'recurrent'

const biases: Readonly<Record<BiasKind, readonly number[]>> = {
  trained: [0.3, -0.2, 0.1],
  zeros: [0, 0, 0],
  'unit forget': [0, 1, 0],
}

interface Shared {
  readonly layout: Layout
  readonly uses: number
  readonly bias: BiasKind
}

const cases: readonly Shared[] = (['siamese', 'repeated', 'recurrent'] as const).flatMap((layout) =>
  [2, 4].flatMap((uses) =>
    (['trained', 'zeros', 'unit forget'] as const).map((bias) => ({ layout, uses, bias })),
  ),
)

const numbered = (name: string, k: number): string => (k === 0 ? name : `${name}_${k}`)

/** The name of the k-th copy, as the converter writes it for a layer that is called again, or for one in a loop. */
function nameOf({ layout }: Shared, weight: string, k: number): string {
  const op = { K: 'MatMul', U: 'MatMul', b: 'BiasAdd' }[weight]!
  if (layout === 'siamese') return `net/${numbered('dense', k)}/${op}/ReadVariableOp`
  if (layout === 'repeated') return `net/dense/${numbered(op, k)}/ReadVariableOp`
  const number = weight === 'b' ? k : 2 * k + (weight === 'U' ? 1 : 0)
  return `net/cell/${numbered(op, number)}/ReadVariableOp`
}

/** What the copies hold: K, of the recurrent net also U, and b. */
const weightsOf = ({ layout, bias }: Shared): Map<string, readonly number[]> => {
  const random = seededRandom(8)
  const matrix = (): number[] => [...uniform(random, width * width, [-1, 1])]
  return new Map([
    ['K', matrix()],
    ...(layout === 'recurrent' ? [['U', matrix()] as const] : []),
    ['b', biases[bias]],
  ])
}

const product = (name: string, a: string, b: string): ReturnType<typeof node> =>
  node(name, 'MatMul', [a, b], { transpose_a: { b: false }, transpose_b: { b: false } })

/** The graph with a copy of each weight for each use, as a converter freezes it. */
function frozenGraph(shared: Shared): GraphSpec {
  const { layout, uses } = shared
  const nodes = [placeholder('x', [-1, uses * width])]
  const weights: Record<string, readonly number[]> = {}
  const values: Record<string, readonly number[]> = {}
  const integers: Record<string, readonly number[]> = {}
  let last = ''
  for (let k = 0; k < uses; k++) {
    for (const [weight, numbers] of weightsOf(shared)) {
      if (weight === 'U' && k === 0) continue
      const name = nameOf(shared, weight, k)
      weights[name] = weight === 'b' ? [width] : [width, width]
      values[name] = numbers
    }
    integers[`begin_${k}`] = [0, k * width]
    integers[`size_${k}`] = [-1, width]
    nodes.push(node(`part_${k}`, 'Slice', ['x', `begin_${k}`, `size_${k}`]))
    const input = layout === 'repeated' && k > 0 ? last : `part_${k}`
    nodes.push(product(`product_${k}`, input, nameOf(shared, 'K', k)))
    let sum = `product_${k}`
    if (layout === 'recurrent' && k > 0) {
      nodes.push(product(`state_${k}`, last, nameOf(shared, 'U', k)))
      nodes.push(node(`sum_${k}`, 'AddV2', [sum, `state_${k}`]))
      sum = `sum_${k}`
    }
    nodes.push(node(`biased_${k}`, 'BiasAdd', [sum, nameOf(shared, 'b', k)]))
    last = `active_${k}`
    nodes.push(node(last, 'Tanh', [`biased_${k}`]))
  }
  if (layout === 'siamese') {
    const branches = Array.from({ length: uses }, (_, k) => `active_${k}`)
    nodes.push(node('joined', 'ConcatV2', [...branches, 'concat_axis'], { N: { i: String(uses) } }))
    last = 'joined'
  }
  weights['head/MatMul/ReadVariableOp'] = [layout === 'siamese' ? uses * width : width, 3]
  nodes.push(product('logits', last, 'head/MatMul/ReadVariableOp'))
  return { nodes, weights, values, integers, integerScalars: { concat_axis: 1 } }
}

/** The same net as a function of one variable for each weight. */
function untiedLoop(shared: Shared, head: tf.Tensor) {
  const { layout, uses } = shared
  const parameters = [...weightsOf(shared)].map(([weight, values]) => {
    const tensor = tf.tidy(() =>
      tf.variable(tf.tensor([...values], weight === 'b' ? [width] : [width, width])),
    )
    onTestFinished(() => {
      tensor.dispose()
    })
    return { name: nameOf(shared, weight, weight === 'U' ? 1 : 0), weight, tensor }
  })
  const of = (weight: string): tf.Tensor => parameters.find((one) => one.weight === weight)!.tensor
  const call = ([x]: tf.Tensor[]): tf.Tensor => {
    const active: tf.Tensor[] = []
    for (let k = 0; k < uses; k++) {
      const part = x!.slice([0, k * width], [-1, width])
      const input = layout === 'repeated' && k > 0 ? active[k - 1]! : part
      let sum = tf.matMul(input, of('K'))
      if (layout === 'recurrent' && k > 0) sum = sum.add(tf.matMul(active[k - 1]!, of('U')))
      active.push(sum.add(of('b')).tanh())
    }
    return tf.matMul(layout === 'siamese' ? tf.concat(active, 1) : active.at(-1)!, head)
  }
  return { call, parameters: [...parameters, { name: 'head/MatMul/ReadVariableOp', tensor: head }] }
}

beforeAll(() => useDevice('cpu'))

describe.each(devices)('frozen weights on %s', (device) => {
  it.each(cases)(
    'are one parameter if they are copies: $layout net, $uses uses, $bias bias',
    async (shared) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      onTestFinished(() => {
        warn.mockRestore()
      })
      const model = await loadGraph(frozenGraph(shared))
      const reference = untiedLoop(shared, model.weights['head/MatMul/ReadVariableOp']![0]!)
      const predictor = tfjsPredictor(model, { output: 'logits' })
      const names = predictor.parameters.map(({ name }) => name).toSorted()
      const only = reference.parameters.map(({ name }) => name).toSorted()
      // One use of the recurrent matrix is not there: the first step has no state.
      const isOnce = shared.layout === 'recurrent' && shared.uses === 2
      expect(names).toEqual(only)
      const x = [randomInput([shared.uses * width], 3)]
      using session = await predictor.open(device, { allowSoftware: true })
      const block = await hostGradients(session, x, labels(), loss)
      for (let row = 0; row < exampleCount; row++) {
        expectSameGradient(
          materializedGradients(block, row),
          singleGradient(reference, x, labels(), row),
          reference,
        )
      }
      await hostGradients(session, x, labels(), loss)
      using second = await tfjsPredictor(model, { output: 'logits' }).open(device, {
        allowSoftware: true,
      })
      await hostGradients(second, x, labels(), loss)
      const said = warn.mock.calls.flat().filter((text) => String(text).includes('copies'))
      expect(said).toHaveLength(1)
      expect(said[0]).toContain(`'${nameOf(shared, 'K', 0)}' (${shared.uses} copies)`)
      expect(said[0]).toContain(`'${nameOf(shared, 'b', 0)}' (${shared.uses} copies)`)
      expect(String(said[0]).includes(nameOf(shared, 'U', 1))).toBe(
        shared.layout === 'recurrent' && !isOnce,
      )
    },
  )

  it('with folded batch normalizations are named once, when their gradients are computed', async () => {
    const spec = pictureGraph()
    const renamed = (name: string): string => name.replace('conv/bias', 'conv_bn_offset')
    const model = await loadGraph({
      ...spec,
      nodes: spec.nodes.map((one) => ({ ...one, input: (one.input ?? []).map(renamed) })),
      weights: Object.fromEntries(
        Object.entries(spec.weights).map(([name, shape]) => [renamed(name), shape]),
      ),
    })
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => {
      warn.mockRestore()
    })
    const x = [randomInput([6, 6, 2], 3)]
    for (const turn of [0, 1]) {
      using session = await tfjsPredictor(model, { output: 'logits' }).open(device, {
        allowSoftware: true,
      })
      await session.predict(x, {})
      if (turn === 0) expect(warn).not.toHaveBeenCalled()
      await hostGradients(session, x, labels(), loss)
    }
    expect(warn.mock.calls.map(([text]) => text as string)).toEqual([
      expect.stringContaining(
        "folded batch normalization of the graph model into convolutions: 'conv'.",
      ),
    ])
  })

  it('stay separate if different layers follow the copies', async () => {
    const head = (k: number, weight: string): string =>
      `net/${numbered('head', k)}/${weight}/ReadVariableOp`
    const kernel = (k: number): string => `net/${numbered('dense', k)}/MatMul/ReadVariableOp`
    const branch = (k: number): readonly ReturnType<typeof node>[] => [
      placeholder(`x_${k}`, [-1, width]),
      product(`shared_${k}`, `x_${k}`, kernel(k)),
      product(`own_${k}`, `shared_${k}`, head(k, 'MatMul')),
      node(`biased_${k}`, 'BiasAdd', [`own_${k}`, head(k, 'BiasAdd')]),
    ]
    const [square, zeros] = [
      [width, width],
      [0, 0, 0],
    ]
    const values = [...uniform(seededRandom(2), width * width, [-1, 1])]
    const model = await loadGraph({
      nodes: [...branch(0), ...branch(1), node('sum', 'AddV2', ['biased_0', 'biased_1'])],
      weights: Object.fromEntries(
        [0, 1].flatMap((k) => [
          [kernel(k), square],
          [head(k, 'MatMul'), square],
          [head(k, 'BiasAdd'), [width]],
        ]),
      ),
      values: Object.fromEntries(
        [0, 1].flatMap((k) => [
          [kernel(k), values],
          [head(k, 'BiasAdd'), zeros],
        ]),
      ),
      outputs: [{ name: 'sum', shape: [-1, width] }],
    })
    expect(
      tfjsPredictor(model)
        .parameters.map(({ name }) => name)
        .toSorted(),
    ).toEqual(
      [kernel(0), ...[0, 1].flatMap((k) => [head(k, 'MatMul'), head(k, 'BiasAdd')])].toSorted(),
    )
  })

  it('stay separate if only their initial values are equal', async () => {
    const plain = { zeros: [0, 0, 0], eye: [1, 0, 0, 0, 1, 0, 0, 0, 1] }
    const model = await loadGraph({
      nodes: [
        placeholder('x', [-1, width]),
        ...[0, 1].flatMap((k) => {
          const scope = numbered('dense', k)
          return [
            product(`mixed_${k}`, k === 0 ? 'x' : 'biased_0', `net/${scope}/MatMul/ReadVariableOp`),
            product(`turned_${k}`, `mixed_${k}`, `net/${scope}/MatMul_1/ReadVariableOp`),
            node(`biased_${k}`, 'BiasAdd', [`turned_${k}`, `net/${scope}/BiasAdd/ReadVariableOp`]),
          ]
        }),
      ],
      weights: Object.fromEntries(
        [0, 1].flatMap((k) => {
          const scope = `net/${numbered('dense', k)}`
          return [
            [`${scope}/MatMul/ReadVariableOp`, [width, width]],
            [`${scope}/MatMul_1/ReadVariableOp`, [width, width]],
            [`${scope}/BiasAdd/ReadVariableOp`, [width]],
          ]
        }),
      ),
      values: Object.fromEntries(
        [0, 1].flatMap((k) => {
          const scope = `net/${numbered('dense', k)}`
          return [
            [`${scope}/MatMul_1/ReadVariableOp`, plain.eye],
            [`${scope}/BiasAdd/ReadVariableOp`, plain.zeros],
          ]
        }),
      ),
      outputs: [{ name: 'biased_1', shape: [-1, width] }],
    })
    expect(tfjsPredictor(model).parameters).toHaveLength(6)
  })
})
