import type { GraphModel } from '@tensorflow/tfjs'
import type { Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { LoadedFiles } from './describe-layers-model.js'
import type { EndActivation } from './model-facts.js'
import { sizeOf, type OpenedModel } from './opened-model.js'

/** A node as TensorFlow.js's converter stores it. */
interface GraphNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly GraphNode[]
  /** What the model's signature calls it, if it has one. */
  readonly signatureKey?: string
}

interface GraphInternals {
  readonly executor: {
    readonly graph: {
      readonly nodes: Readonly<Record<string, GraphNode>>
      readonly inputs: readonly GraphNode[]
      readonly outputs: readonly GraphNode[]
    }
  }
}

/** Reads what a GraphModel says about itself. */
export function describeGraphModel(
  model: GraphModel,
  { side, byteLength, files }: LoadedFiles,
): OpenedModel {
  const { graph } = (model as unknown as GraphInternals).executor
  const createPredictor = (output: string): Predictor =>
    tfjsPredictor(model, { output }) as unknown as Predictor
  const outputs = model.outputNodes.map((name) => ({
    name,
    shape: createPredictor(name).output.shape,
    activation: findActivation(findOutput(graph.outputs, name)),
  }))
  const { inputs, parameters } = createPredictor(outputs[0]?.name ?? '')
  const steps = Object.values(graph.nodes).filter(
    ({ op }) => op !== 'Const' && op !== 'Placeholder',
  )
  const inputNames = new Set(graph.inputs.map(({ name }) => name))
  return {
    facts: {
      format: side.isTeachable ? 'Teachable Machine' : 'TensorFlow.js graph model',
      name: 'model.json',
      byteLength,
      inputs,
      outputs,
      layers: steps.map(({ name, op }) => ({ name, kind: op, shape: '' })),
      parameters: parameters.map(({ name, shape }) => ({ name, count: sizeOf(shape) })),
      embedding: steps.find(
        ({ op, inputs: from }) =>
          op === 'GatherV2' && from.some((node) => comesFrom(node, inputNames)),
      )?.name,
      classNames: side.classNames,
      pixels: undefined,
      text: undefined,
    },
    createPredictor,
    files,
    isGraph: true,
    dispose: () => {
      model.dispose()
    },
  }
}

/** The node of an output, which the model calls by its key in the signature, or by its node and slot. */
function findOutput(outputs: readonly GraphNode[], name: string): GraphNode | undefined {
  const [key] = name.split(':')
  return outputs.find((node) => (node.signatureKey ?? node.name) === key)
}

const passing = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze'])

/** Whether a node is an input, but for a change of its type or shape. */
function comesFrom(node: GraphNode, inputs: ReadonlySet<string>): boolean {
  if (inputs.has(node.name)) return true
  const [first] = node.inputs
  return passing.has(node.op) && first !== undefined && comesFrom(first, inputs)
}

/** What the last step does to the outputs. */
function findActivation(node: GraphNode | undefined): EndActivation {
  if (node === undefined) return 'none'
  if (node.op === 'Softmax') return 'softmax'
  if (node.op === 'Sigmoid') return 'sigmoid'
  return passing.has(node.op) ? findActivation(node.inputs[0]) : 'none'
}
