import type { Tensor } from '@tensorflow/tfjs'
import type { GraphNode } from './graph-nodes.js'

/** A weight of a graph, and its values. */
export interface FrozenWeight {
  readonly node: GraphNode
  readonly tensor: Tensor
}

interface Candidate extends FrozenWeight {
  readonly pattern: string
}

/**
 * The weights that the converter froze once for each use of a layer: for the name of each further
 * copy, the name of the first. Copies have the same values, shape and name, except for the numbers
 * that TensorFlow adds to names.
 *
 * Weights with at most two different values are often just initialized (zeros, ones, an identity
 * matrix), so equal values prove nothing. They count as copies only where they belong to copies of
 * another weight.
 */
export function findCopies(weights: readonly FrozenWeight[]): Map<string, string> {
  const classes = classesOf(weights)
  const classOf = new Map(
    classes.flatMap((members, number) => members.map(({ node }) => [node, number] as const)),
  )
  const tensors = new Map(weights.map(({ node, tensor }) => [node, tensor]))
  const telling = new Map<GraphNode, boolean>()
  const isTelling = (node: GraphNode): boolean => {
    const tensor = tensors.get(node)
    const answer = telling.get(node) ?? (tensor !== undefined && !isPlain(tensor))
    telling.set(node, answer)
    return answer
  }
  const groups = classes.flatMap((members) =>
    isPlain(members[0]!.tensor) ? groupByNeighbours(members, isTelling, classOf) : [members],
  )
  return new Map(
    groups.flatMap(([first, ...copies]) =>
      copies.map(({ node }) => [node.name, first!.node.name] as const),
    ),
  )
}

/** The weights that have the same values, shape and name pattern as another one. */
function classesOf(weights: readonly FrozenWeight[]): Candidate[][] {
  const candidates = weights.map((weight) => ({ ...weight, pattern: patternOf(weight.node.name) }))
  const alike = groupedBy(candidates, ({ pattern, tensor }) => `${pattern} ${tensor.shape.join()}`)
  return alike
    .filter((group) => group.length > 1)
    .flatMap((group) => {
      const contents: { readonly values: ArrayLike<number>; readonly members: Candidate[] }[] = []
      for (const candidate of group) {
        const values = candidate.tensor.dataSync()
        const same = contents.find((content) => isEqual(content.values, values))
        if (same === undefined) contents.push({ values, members: [candidate] })
        else same.members.push(candidate)
      }
      return contents.map(({ members }) => members)
    })
    .filter((members) => members.length > 1)
}

/** 'net/dense_1/MatMul_2/ReadVariableOp' and 'net/dense/MatMul/ReadVariableOp' have one pattern. */
const patternOf = (name: string): string => name.replaceAll(/(_\d+)+(?=\/|$)/g, '')

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

function isPlain(tensor: Tensor): boolean {
  const different = new Set<number>()
  for (const value of tensor.dataSync()) if (different.add(value).size > 2) return false
  return true
}

interface Group {
  readonly members: Candidate[]
  readonly user: string
  /** The copies next to the members, by class. */
  readonly copies: Map<number, Set<GraphNode>>
}

/**
 * The members that are next to different copies of one weight, such as the biases of its products.
 * Members next to the same copy belong to different parameters.
 */
function groupByNeighbours(
  members: readonly Candidate[],
  isTelling: (node: GraphNode) => boolean,
  classOf: ReadonlyMap<GraphNode, number>,
): Candidate[][] {
  const groups: Group[] = []
  for (const member of members) {
    const [user] = member.node.children
    if (user === undefined) continue
    const place = `${user.op} ${user.inputs.indexOf(member.node)}`
    const nearest = nearestWeights(user, member.node, isTelling).flatMap((node) => {
      const number = classOf.get(node)
      return number === undefined ? [] : [[number, node] as const]
    })
    const own: Group = groups.find(
      (group) =>
        group.user === place &&
        nearest.some(([number, node]) => group.copies.get(number)?.has(node) === false),
    ) ?? { members: [], user: place, copies: new Map() }
    if (own.members.length === 0) groups.push(own)
    own.members.push(member)
    for (const [number, node] of nearest) {
      own.copies.set(number, (own.copies.get(number) ?? new Set()).add(node))
    }
  }
  return groups.map((group) => group.members)
}

/**
 * The weights with telling values that the user of a weight is computed from, over the fewest
 * nodes.
 */
function nearestWeights(
  user: GraphNode,
  weight: GraphNode,
  isTelling: (node: GraphNode) => boolean,
): GraphNode[] {
  const seen = new Set([weight])
  let level = [user]
  while (level.length > 0) {
    const inputs = [...new Set(level.flatMap((node) => node.inputs))].filter(
      (input) => !seen.has(input),
    )
    const found = inputs.filter(isTelling)
    if (found.length > 0) return found
    for (const input of inputs) seen.add(input)
    level = inputs
  }
  return []
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
}
