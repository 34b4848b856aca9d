import { type GraphBuilder, notTransposed } from './graph-builder.js'

/** The range of BERT's initial weights: a standard deviation of 0.02. */
const range = 0.035

export interface EncoderSizes {
  readonly vocabulary: number
  readonly length: number
  readonly width: number
  readonly heads: number
  readonly hidden: number
  readonly layers: number
  readonly classes: number
}

/** Rows of a new table, by the indices of a node. */
export function lookUp(
  graph: GraphBuilder,
  name: string,
  shape: readonly [number, number],
  indices: string,
): string {
  const table = graph.weight(`${name}/table`, shape, range)
  return graph.op('GatherV2', name, [table, indices, graph.integers(`${name}/axis`, [0])])
}

/** Layer normalization as Keras 2 exports it, over the last of three axes. */
export function normalize(graph: GraphBuilder, name: string, x: string, width: number): string {
  const mean = (of: string, part: string): string =>
    graph.op('Mean', part, [of, graph.integers(`${part}/axes`, [2], [1])], {
      keep_dims: { b: true },
    })
  const center = mean(x, `${name}/mean`)
  const squares = graph.op('SquaredDifference', `${name}/squares`, [x, center])
  const variance = mean(squares, `${name}/variance`)
  const epsilon = graph.float(`${name}/epsilon`, 1e-12)
  const scale = graph.op('Rsqrt', `${name}/rsqrt`, [
    graph.op('AddV2', `${name}/add`, [variance, epsilon]),
  ])
  const gamma = graph.weight(`${name}/gamma`, [width], 0.1, 1)
  const factors = graph.op('Mul', `${name}/mul`, [scale, gamma])
  const scaled = graph.op('Mul', `${name}/mul_1`, [x, factors])
  const shift = graph.op('Mul', `${name}/mul_2`, [center, factors])
  const beta = graph.weight(`${name}/beta`, [width], 0.1)
  return graph.op('AddV2', `${name}/add_1`, [scaled, graph.op('Sub', `${name}/sub`, [beta, shift])])
}

/** x · W + b on [batch, length, inputs] as Keras 2 exports it: tensordot with shapes at run time. */
function project(
  graph: GraphBuilder,
  name: string,
  x: string,
  [inputs, outputs]: readonly [number, number],
): string {
  const shape = graph.op('Shape', `${name}/shape`, [x])
  const [axis, zero] = [
    graph.integers(`${name}/axis`, [0]),
    graph.integers(`${name}/zero`, [0], [1]),
  ]
  const lengths = (part: string, axes: readonly number[]): string =>
    graph.op('GatherV2', `${name}/${part}`, [
      shape,
      graph.integers(`${name}/${part}/axes`, axes, [axes.length]),
      axis,
    ])
  const free = lengths('free', [0, 1])
  const product = (of: string): string =>
    graph.op('Prod', `${of}/product`, [of, zero], { keep_dims: { b: false } })
  const rows = graph.op(
    'Pack',
    `${name}/rows`,
    [product(free), product(lengths('summed', [2]))],
    first,
  )
  const kernel = graph.weight(`${name}/kernel`, [inputs, outputs], range)
  const matrix = graph.op('Reshape', `${name}/matrix`, [x, rows])
  const products = graph.op('MatMul', `${name}/products`, [matrix, kernel], notTransposed)
  const width = graph.integers(`${name}/width`, [outputs], [1])
  const full = graph.op('ConcatV2', `${name}/full`, [free, width, axis], { N: { i: '2' } })
  const restored = graph.op('Reshape', `${name}/restored`, [products, full])
  return graph.op('BiasAdd', name, [restored, graph.weight(`${name}/bias`, [outputs], range)])
}

const first = { axis: { i: '0' } }

/** The number of examples, which the graph reads from a tensor's shape. */
function countRows(graph: GraphBuilder, name: string, x: string): string {
  const ends = ['begin', 'end', 'strides'].map((part, k) =>
    graph.integers(`${name}/${part}`, [k === 0 ? 0 : 1], [1]),
  )
  return graph.op('StridedSlice', name, [graph.op('Shape', `${name}/shape`, [x]), ...ends], {
    shrink_axis_mask: { i: '1' },
  })
}

/** Attention of several heads with the mask added to the scores, without the residual sum. */
export function attend(
  graph: GraphBuilder,
  name: string,
  x: string,
  mask: string,
  { width, heads, length }: EncoderSizes,
): string {
  const count = countRows(graph, `${name}/count`, x)
  const reshape = (part: string, of: string, lengths: readonly number[]): string => {
    const sizes = lengths.map((size, k) => graph.integers(`${part}/size_${k}`, [size]))
    return graph.op('Reshape', part, [
      of,
      graph.op('Pack', `${part}/sizes`, [count, ...sizes], first),
    ])
  }
  const exchange = (part: string, of: string): string =>
    graph.op('Transpose', part, [of, graph.integers(`${part}/perm`, [0, 2, 1, 3], [4])])
  const byHead = (part: string): string => {
    const projected = project(graph, `${name}/${part}_lin`, x, [width, width])
    const split = reshape(`${name}/${part}`, projected, [-1, heads, width / heads])
    return exchange(`${name}/${part}/heads`, split)
  }
  const [q, k, v] = ['q', 'k', 'v'].map(byHead) as [string, string, string]
  const factor = graph.float(`${name}/factor`, 1 / Math.sqrt(width / heads))
  const scaled = graph.op('Mul', `${name}/scaled`, [q, factor])
  const scores = graph.op('BatchMatMulV2', `${name}/scores`, [scaled, k], {
    adj_x: { b: false },
    adj_y: { b: true },
  })
  const one = graph.float(`${name}/one`, 1)
  const kept = reshape(`${name}/mask`, mask, [1, 1, length])
  const penalty = graph.op('Mul', `${name}/penalty`, [
    graph.op('Sub', `${name}/left_out`, [one, kept]),
    graph.float(`${name}/least`, -1e30),
  ])
  const weights = graph.op('Softmax', `${name}/weights`, [
    graph.op('AddV2', `${name}/masked`, [scores, penalty]),
  ])
  const context = graph.op('BatchMatMulV2', `${name}/context`, [weights, v], {
    adj_x: { b: false },
    adj_y: { b: false },
  })
  const merged = reshape(`${name}/merged`, exchange(`${name}/back`, context), [-1, width])
  return project(graph, `${name}/out_lin`, merged, [width, width])
}

/** Two dense layers with GELU in between, without the residual sum. */
export function feedForward(
  graph: GraphBuilder,
  name: string,
  x: string,
  { width, hidden }: EncoderSizes,
): string {
  const inner = project(graph, `${name}/lin1`, x, [width, hidden])
  const half = graph.op('Mul', `${name}/half`, [graph.float(`${name}/half/x`, 0.5), inner])
  const root = graph.op('Mul', `${name}/root`, [inner, graph.float(`${name}/root/y`, Math.SQRT1_2)])
  const erf = graph.op('Erf', `${name}/erf`, [root])
  const share = graph.op('AddV2', `${name}/share`, [graph.float(`${name}/share/x`, 1), erf])
  const gelu = graph.op('Mul', `${name}/gelu`, [half, share])
  return project(graph, `${name}/lin2`, gelu, [hidden, width])
}

/** A dense layer on the first position: [batch, outputs]. */
export function firstPosition(graph: GraphBuilder, x: string): string {
  const at = ['begin', 'end', 'strides'].map((part, k) =>
    graph.integers(`first/${part}`, [k === 2 ? 1 : 0, k === 0 ? 0 : 1], [2]),
  )
  return graph.op('StridedSlice', 'first', [x, ...at], {
    begin_mask: { i: '1' },
    end_mask: { i: '1' },
    shrink_axis_mask: { i: '2' },
  })
}

/** A dense layer on vectors, as the converter fuses it. */
export function dense(
  graph: GraphBuilder,
  name: string,
  x: string,
  shape: readonly [number, number],
  activation?: string,
): string {
  const kernel = graph.weight(`${name}/kernel`, shape, range)
  const bias = graph.weight(`${name}/bias`, [shape[1]], range)
  const ops = activation === undefined ? ['BiasAdd'] : ['BiasAdd', activation]
  return graph.op('_FusedMatMul', name, [x, kernel, bias], {
    ...notTransposed,
    num_args: { i: '1' },
    fused_ops: { list: { s: ops.map((op) => btoa(op)) } },
  })
}
