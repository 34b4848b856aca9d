/** A graph some of whose nodes say where their channels are, such as convolutions. */
export interface ChannelGraph<Node> {
  readonly nodes: readonly Node[]
  /** Where the node's inputs and outputs have their channels, if the node says so. */
  readonly channelsOf: (node: Node) => 'first' | 'last' | undefined
  /** True for a node that may move the axis of the channels. */
  readonly movesAxes: (node: Node) => boolean
  /** True for a node that leaves the axes of its inputs where they are. */
  readonly isElementwise: (node: Node) => boolean
  readonly inputsOf: (node: Node) => readonly Node[]
  readonly consumersOf: (node: Node) => readonly Node[]
}

/**
 * Finds where the output of a node has its channels: where all nodes that say so have them, if none
 * moves them; otherwise where a node has them to which elementwise nodes lead, before or after this
 * one. Undefined if there is none.
 */
export function followChannels<Node>(
  start: Node,
  graph: ChannelGraph<Node>,
): 'first' | 'last' | undefined {
  const { nodes, channelsOf, movesAxes, isElementwise, inputsOf, consumersOf } = graph
  const said = new Set(nodes.map(channelsOf).filter((channels) => channels !== undefined))
  if (said.size === 1 && !nodes.some(movesAxes)) return [...said][0]
  const before = new Set([start])
  for (const node of before) {
    const channels = channelsOf(node)
    if (channels !== undefined) return channels
    if (isElementwise(node)) for (const input of inputsOf(node)) before.add(input)
  }
  const after = new Set(consumersOf(start))
  for (const node of after) {
    const channels = channelsOf(node)
    if (channels !== undefined) return channels
    if (isElementwise(node)) for (const consumer of consumersOf(node)) after.add(consumer)
  }
  return undefined
}
