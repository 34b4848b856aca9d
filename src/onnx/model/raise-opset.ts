import { UnsupportedError } from '../../errors.js'
import {
  type AttributeInputs,
  readFloat,
  readInt,
  readInts,
  readString,
  toAttributes,
} from './attributes.js'
import { raiseBroadcast } from './explicit-broadcast.js'
import { readConstant } from './normalize.js'
import type { Attribute, OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js'
import { createTensor, readNumbers } from './tensor-data.js'

/** The oldest and newest versions of the operator set that are read. */
const oldestOpset = 6
const newestOpset = 23

/** The version in whose forms backward rules are written. Later versions keep them. */
const commonOpset = 18

/**
 * Raises a model to version 18 of ONNX's operators, where attributes of older versions are inputs. A later version
 * stays as it is.
 *
 * @throws UnsupportedError for versions before 6 and after 23
 */
export function raiseOpset(model: OnnxModel): OnnxModel {
  const version = model.opsets.get('') ?? 0
  if (version < oldestOpset || version > newestOpset) {
    throw new UnsupportedError(
      'opset',
      `model: its operators are those of opset ${version}; expected opset ${oldestOpset} to ${newestOpset}. Export it ` +
        'with one of these, or convert it with onnx.version_converter.',
    )
  }
  if (version >= commonOpset) return model
  const { nodes, constants } = version < 7 ? raiseBroadcast(model.graph) : model.graph
  const raised = new RaisedNodes(nodes, constants)
  for (const node of nodes) {
    if (node.domain === '') raised.raise(node, version)
    else raised.nodes.push(node)
  }
  return {
    ...model,
    opsets: new Map([...model.opsets, ['', commonOpset]]),
    graph: { ...model.graph, nodes: raised.nodes, constants: raised.constants },
  }
}

const reductions: ReadonlySet<string> = new Set([
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceSumSquare',
])

class RaisedNodes {
  readonly nodes: OnnxNode[] = []
  readonly constants: Map<string, OnnxTensor>
  readonly #given: readonly OnnxNode[]
  #count = 0

  constructor(given: readonly OnnxNode[], constants: ReadonlyMap<string, OnnxTensor>) {
    this.#given = given
    this.constants = new Map(constants)
  }

  raise(node: OnnxNode, version: number): void {
    const { op, inputs } = node
    const input = inputs[0] ?? ''
    if (reductions.has(op) || op === 'Squeeze' || op === 'Unsqueeze') {
      this.nodes.push(this.#withInputs(node, [input, this.#ints(node, 'axes')], ['axes']))
      return
    }
    switch (op) {
      case 'Clip':
        if (version < 11) this.nodes.push(this.#clip(node))
        else this.nodes.push(node)
        return
      case 'Slice':
        if (version < 10) this.nodes.push(this.#slice(node))
        else this.nodes.push(node)
        return
      case 'Split':
        this.nodes.push(this.#split(node))
        return
      case 'Pad':
        if (version < 11) this.nodes.push(this.#pad(node))
        else this.nodes.push(node)
        return
      case 'TopK':
        this.nodes.push(version < 10 ? this.#topK(node) : node)
        return
      case 'Softmax':
      case 'LogSoftmax':
      case 'Hardmax':
        if (version < 13) this.#softmax(node)
        else this.nodes.push(node)
        return
      case 'Upsample':
      case 'Resize':
        this.nodes.push(version < 11 ? this.#resize(node) : node)
        return
      case 'Scatter':
        this.nodes.push({ ...node, op: 'ScatterElements' })
        return
      case 'BatchNormalization':
        this.nodes.push(this.#batchNormalization(node))
        return
      case 'Dropout':
        // From version 12 on, an input tells whether it is in training mode.
        this.nodes.push(version < 12 ? { ...node, inputs: [input], attributes: {} } : node)
        return
      default:
        this.nodes.push(node)
    }
  }

  /** Returns the node with other inputs and without some attributes. */
  #withInputs(
    node: OnnxNode,
    inputs: readonly string[],
    removed: readonly string[],
    added: AttributeInputs = {},
  ): OnnxNode {
    // An input that the node has already is kept.
    const all = inputs.map((name, k) => (node.inputs[k] ?? '') || name)
    while (all.at(-1) === '') all.pop()
    const kept = Object.entries(node.attributes).filter(([name]) => !removed.includes(name))
    return {
      ...node,
      inputs: all,
      attributes: { ...Object.fromEntries(kept), ...toAttributes(added) },
    }
  }

  #ints(node: OnnxNode, attribute: string): string {
    const values = readInts(node, attribute)
    return values === undefined
      ? ''
      : this.#constant(createTensor('int64', values, [values.length]))
  }

  #float(node: OnnxNode, attribute: string): string {
    const given: Attribute | undefined = node.attributes[attribute]
    if (given === undefined) return ''
    return this.#constant(createTensor('float32', [readFloat(node, attribute, 0)], []))
  }

  #constant(tensor: OnnxTensor): string {
    const name = `gradlens/raised_${++this.#count}`
    this.constants.set(name, tensor)
    return name
  }

  #clip(node: OnnxNode): OnnxNode {
    const bounds = [this.#float(node, 'min'), this.#float(node, 'max')]
    return this.#withInputs(node, [node.inputs[0]!, ...bounds], ['min', 'max'])
  }

  #slice(node: OnnxNode): OnnxNode {
    const names = ['starts', 'ends', 'axes']
    const ranges = names.map((name) => this.#ints(node, name))
    return this.#withInputs(node, [node.inputs[0]!, ...ranges], names)
  }

  #split(node: OnnxNode): OnnxNode {
    const lengths = (node.inputs[1] ?? '') || this.#ints(node, 'split')
    const equal = lengths === '' ? { num_outputs: node.outputs.length } : {}
    return this.#withInputs(node, [node.inputs[0]!, lengths], ['split'], equal)
  }

  #pad(node: OnnxNode): OnnxNode {
    const inputs = [node.inputs[0]!, this.#ints(node, 'pads'), this.#float(node, 'value')]
    return this.#withInputs(node, inputs, ['pads', 'value'])
  }

  #topK(node: OnnxNode): OnnxNode {
    const k = this.#constant(createTensor('int64', [readInt(node, 'k', 1)], [1]))
    return this.#withInputs(node, [node.inputs[0]!, k], ['k'])
  }

  /** Before version 13, all axes from `axis` on counted as one. */
  #softmax(node: OnnxNode): void {
    const axis = readInt(node, 'axis', 1)
    const last = toAttributes({ axis: -1 })
    if (axis === -1) {
      this.nodes.push({ ...node, attributes: last })
      return
    }
    const name = `gradlens/raised_${++this.#count}`
    const step = (op: string, inputs: string[], output: string, attributes = {}): OnnxNode => ({
      ...{ name: `${node.name}/${op}`, op, domain: '' },
      ...{ inputs, outputs: [output], attributes: toAttributes(attributes) },
    })
    const [input] = node.inputs as [string]
    this.nodes.push(
      step('Shape', [input], `${name}/shape`),
      step('Flatten', [input], `${name}/flat`, { axis }),
      { ...node, inputs: [`${name}/flat`], outputs: [`${name}/result`], attributes: last },
      step('Reshape', [`${name}/result`, `${name}/shape`], node.outputs[0]!),
    )
  }

  #resize(node: OnnxNode): OnnxNode {
    const [input, given = ''] = node.inputs as [string, string?]
    const attribute = node.attributes['scales']
    const scales =
      attribute?.kind === 'floats'
        ? this.#constant(createTensor('float32', attribute.value, [attribute.value.length]))
        : given
    const { mode } = node.attributes
    return {
      ...node,
      op: 'Resize',
      inputs: [input, '', scales],
      attributes: {
        ...(mode === undefined ? {} : { mode }),
        ...toAttributes({
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: node.op === 'Resize' ? this.#nearestMode(node, scales) : 'floor',
        }),
      },
    }
  }

  /** Version 10 doesn't state how it rounds: ONNX Runtime rounds down, and up along axes that become shorter. */
  #nearestMode(node: OnnxNode, scales: string): string {
    if (readString(node, 'mode', 'nearest') !== 'nearest') return 'floor'
    const source = this.#given.find(({ op, outputs }) => op === 'Constant' && outputs[0] === scales)
    const constant = source === undefined ? this.constants.get(scales) : readConstant(source)
    const factors = constant === undefined ? [] : readNumbers(constant)
    if (factors.length > 0 && factors.every((factor) => factor >= 1)) return 'floor'
    if (factors.length > 0 && factors.every((factor) => factor <= 1)) return 'ceil'
    throw new UnsupportedError(
      'Resize',
      `node '${node.name}': Resize of opset 10 to the nearest elements has ` +
        `${constant === undefined ? 'scales that the model computes' : `the scales ${factors.join(', ')}`}; expected ` +
        'constants that are all at least 1, or all at most 1. Export the model with opset 11 or later.',
    )
  }

  #batchNormalization(node: OnnxNode): OnnxNode {
    if (readInt(node, 'spatial', 1) === 0) {
      throw new UnsupportedError(
        'BatchNormalization',
        `node '${node.name}': BatchNormalization with spatial = 0 is not supported.`,
      )
    }
    // Older versions have further outputs, which only training computes.
    return {
      ...this.#withInputs(node, node.inputs, ['spatial']),
      outputs: node.outputs.slice(0, 1),
    }
  }
}
