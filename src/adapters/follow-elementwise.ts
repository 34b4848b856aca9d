/** A graph whose nodes are in an order in which each comes after those that it is computed from. */
export interface OrderedGraph<Node> {
  /** The position of a node in that order. */
  readonly orderOf: (node: Node) => number
  /** The nodes that take an output of this node. */
  readonly consumersOf: (node: Node) => readonly Node[]
  /** True for a node that leaves the positions of its inputs where they are. */
  readonly isElementwise: (node: Node) => boolean
}

/**
 * Returns the last elementwise node after `start` through which everything that is computed from `start` passes; `start`
 * if there is none.
 */
export function followElementwise<Node>(start: Node, graph: OrderedGraph<Node>): Node {
  const { orderOf, consumersOf, isElementwise } = graph
  let last = start
  let open = new Set(consumersOf(start))
  while (open.size > 0) {
    const [first] = [...open].sort((a, b) => orderOf(a) - orderOf(b)) as [Node]
    if (!isElementwise(first)) return last
    if (open.size === 1) last = first
    open = new Set([...open].filter((node) => node !== first).concat(consumersOf(first)))
  }
  return last
}
