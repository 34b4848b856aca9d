import type { LayersModel, SymbolicTensor, Tensor } from '@tensorflow/tfjs'
import type { ArraySpec, LayerSite } from '../../../predictor.js'

export type Layer = LayersModel['layers'][number]

/** One call of a layer while the model was built, with its symbolic input and output tensors. */
export type Node = Layer['inboundNodes'][number] & { readonly id: number }

/** A call of a layer: the calls of the models around it, the outermost first, then its own. */
export type LayerCall = readonly Node[]

/** Sees the tensors of a call, and returns their replacements. */
export interface CallVisitor {
  readonly call: LayerCall
  readonly inputs?: (tensors: Tensor[]) => Tensor[]
  readonly outputs?: (tensors: Tensor[]) => Tensor[]
  /** Runs the layer itself. */
  readonly around?: <Result>(run: () => Result) => Result
}

/** A model that is called as a layer. */
export type Container = Layer & Pick<LayersModel, 'inputs' | 'outputs'>

export const isInputLayer = (layer: Layer): boolean => layer.getClassName() === 'InputLayer'

export const isContainer = (layer: Layer): layer is Container =>
  'layers' in layer && 'outputs' in layer

const nodeOf = ({ sourceLayer, nodeIndex }: SymbolicTensor): Node =>
  sourceLayer.inboundNodes[nodeIndex] as Node

/** Returns the calls that these tensors are computed from, in the order in which they were made. */
export function listNodesBefore(tensors: readonly SymbolicTensor[]): Node[] {
  const found = new Set(tensors.map(nodeOf))
  for (const node of found) for (const tensor of node.inputTensors) found.add(nodeOf(tensor))
  return [...found].sort((a, b) => a.id - b.id)
}

/**
 * Returns the calls of a layer that these outputs depend on, in the order in which they were made.
 * A call of a model that contains the layer counts as a call of the layer.
 */
export function findCalls(layer: Layer, outputs: readonly SymbolicTensor[]): LayerCall[] {
  return listNodesBefore(outputs).flatMap((node): LayerCall[] => {
    if (node.outboundLayer === layer) return [[node]]
    if (!isContainer(node.outboundLayer)) return []
    return findCalls(layer, node.outboundLayer.outputs).map((inner) => [node, ...inner])
  })
}

/**
 * Returns the call that computes a tensor. For a tensor of an inner model, it is the call inside.
 */
export function findLastCall(output: SymbolicTensor): LayerCall {
  const node = nodeOf(output)
  const inner = isContainer(node.outboundLayer)
    ? node.outboundLayer.outputs[output.tensorIndex]
    : undefined
  return inner === undefined ? [node] : [node, ...findLastCall(inner)]
}

/**
 * Returns a name for each tensor at the calls of a layer. If the layer is called once, that is its
 * own name. Otherwise each call is named by the input or layer that it was called on.
 */
export function nameCalls(
  layer: Layer,
  at: LayerSite['at'],
  calls: readonly LayerCall[],
  model: Pick<LayersModel, 'inputs' | 'outputs'>,
  specs: readonly ArraySpec[],
): string[] {
  const inputName = (tensor: SymbolicTensor): string =>
    specs[model.inputs.indexOf(tensor)]?.name ?? tensor.sourceLayer.name
  return calls.flatMap((call) => {
    const node = call.at(-1)!
    const around = call.length === 1 ? model.outputs : containerAt(call, call.length - 2).outputs
    if (at === 'inputs' && node.inputTensors.length > 1) {
      return node.inputTensors.map((tensor) => sourceName(tensor, around, inputName))
    }
    const name = calls.length === 1 ? layer.name : callName(call, model.outputs, inputName)
    const tensors = at === 'inputs' ? node.inputTensors : node.outputTensors
    return tensors.length === 1 ? [name] : tensors.map((_, k) => `${name}:${k}`)
  })
}

const containerAt = (call: LayerCall, level: number): Container =>
  call[level]!.outboundLayer as Container

/**
 * Names what the layer and the models around it were called on, if they are called several times.
 */
function callName(
  call: LayerCall,
  outputs: readonly SymbolicTensor[],
  inputName: (tensor: SymbolicTensor) => string,
): string {
  const parts = call.flatMap((node, level) => {
    const around = level === 0 ? outputs : containerAt(call, level - 1).outputs
    return isShared(node, around) ? [calledOn(node, around, inputName)] : []
  })
  return parts.join('/')
}

const isShared = (node: Node, outputs: readonly SymbolicTensor[]): boolean =>
  listNodesBefore(outputs).filter(({ outboundLayer }) => outboundLayer === node.outboundLayer)
    .length > 1

const calledOn = (
  node: Node,
  outputs: readonly SymbolicTensor[],
  inputName: (tensor: SymbolicTensor) => string,
): string => node.inputTensors.map((tensor) => sourceName(tensor, outputs, inputName)).join(', ')

/**
 * Names the input or layer that a tensor comes from, or what a layer with several calls was called
 * on.
 */
function sourceName(
  tensor: SymbolicTensor,
  outputs: readonly SymbolicTensor[],
  inputName: (tensor: SymbolicTensor) => string,
): string {
  if (isInputLayer(tensor.sourceLayer)) return inputName(tensor)
  const node = nodeOf(tensor)
  return isShared(node, outputs) ? calledOn(node, outputs, inputName) : tensor.sourceLayer.name
}

/**
 * Runs a model with visitors at some of its calls. TensorFlow.js runs a model's calls in an order
 * that depends on how their outputs are joined. It asks each symbolic tensor for its layer. During
 * `run`, the tensors of each call have a substitute for the layer, which knows the call.
 */
export function visitCalls<Result>(
  outputs: readonly SymbolicTensor[],
  visitors: readonly CallVisitor[],
  run: () => Result,
): Result {
  const layers = new Set(visitors.map(({ call }) => call.at(-1)!.outboundLayer))
  /** The running calls, the outermost first. */
  const running: Node[] = []
  const apply = (node: Node, layer: Layer): Layer['apply'] =>
    function (inputs, kwargs) {
      running.push(node)
      try {
        const here = visitors.filter(({ call }) => isSameCall(call, running))
        const taken = visitTensors(
          inputs as Tensor | Tensor[],
          here.map((one) => one.inputs),
        )
        const given = here.reduce(
          (run, { around }) => (around === undefined ? run : () => around(run)),
          () => layer.apply(taken, kwargs) as Tensor | Tensor[],
        )()
        return visitTensors(
          given,
          here.map((one) => one.outputs),
        )
      } finally {
        running.pop()
      }
    }
  const replaced: (readonly [SymbolicTensor, Layer])[] = []
  try {
    for (const node of nodesToWatch(layers, outputs)) {
      for (const tensor of node.outputTensors) {
        const layer = tensor.sourceLayer
        replaced.push([tensor, layer])
        tensor.sourceLayer = Object.create(layer, {
          apply: { value: apply(node, layer) },
        }) as Layer
      }
    }
    return run()
  } finally {
    for (const [tensor, layer] of replaced.toReversed()) tensor.sourceLayer = layer
  }
}

/** Returns all calls of the layers and of the models around them. */
function nodesToWatch(
  layers: ReadonlySet<Layer>,
  outputs: readonly SymbolicTensor[],
  found = new Set<Node>(),
): Set<Node> {
  for (const node of listNodesBefore(outputs)) {
    const isWithin = isContainer(node.outboundLayer)
    if (!isWithin && !layers.has(node.outboundLayer)) continue
    if (found.has(node)) continue
    found.add(node)
    if (isWithin) nodesToWatch(layers, (node.outboundLayer as Container).outputs, found)
  }
  return found
}

const isSameCall = (call: LayerCall, running: readonly Node[]): boolean =>
  call.length === running.length && call.every((node, level) => node === running[level])

function visitTensors(
  tensors: Tensor | Tensor[],
  visits: readonly (CallVisitor['inputs'] | undefined)[],
): Tensor | Tensor[] {
  const own = Array.isArray(tensors) ? tensors : [tensors]
  const all = visits.reduce((passing, visit) => visit?.(passing) ?? passing, own)
  return Array.isArray(tensors) ? all : all[0]!
}
