import { PbfReader } from 'pbf'
import type { EndActivation } from '../model-facts.js'

export interface OnnxStep {
  readonly name: string
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** The steps of an ONNX graph by name, without its weights. */
export interface OnnxGraph {
  readonly steps: readonly OnnxStep[]
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly constants: ReadonlySet<string>
}

interface GraphParts {
  readonly steps: OnnxStep[]
  readonly inputs: string[]
  readonly outputs: string[]
  readonly constants: Set<string>
}

/** Reads the names in an .onnx file. Numbers of fields are those of onnx.proto. */
export function readGraph(bytes: Uint8Array): OnnxGraph {
  const parts: GraphParts = { steps: [], inputs: [], outputs: [], constants: new Set() }
  new PbfReader(bytes).readFields((tag, _, pbf) => {
    if (tag === 7) pbf.readMessage(readGraphField, parts)
  }, undefined)
  return { ...parts, inputs: parts.inputs.filter((name) => !parts.constants.has(name)) }
}

function readGraphField(tag: number, parts: GraphParts, pbf: PbfReader): void {
  if (tag === 1) parts.steps.push(readStep(pbf))
  else if (tag === 5) parts.constants.add(readName(pbf, 8))
  else if (tag === 11) parts.inputs.push(readName(pbf, 1))
  else if (tag === 12) parts.outputs.push(readName(pbf, 1))
}

function readStep(pbf: PbfReader): OnnxStep {
  const step = { name: '', op: '', inputs: [] as string[], outputs: [] as string[] }
  pbf.readMessage((tag) => {
    if (tag === 1) step.inputs.push(pbf.readString())
    else if (tag === 2) step.outputs.push(pbf.readString())
    else if (tag === 3) step.name = pbf.readString()
    else if (tag === 4) step.op = pbf.readString()
  }, undefined)
  return step
}

function readName(pbf: PbfReader, field: number): string {
  let name = ''
  pbf.readMessage((tag) => {
    if (tag === field) name = pbf.readString()
  }, undefined)
  return name
}

const passing = new Set(['Identity', 'Cast', 'Flatten', 'Reshape', 'Squeeze'])

/** What the last step does to an output. The logarithm of a softmax has the same softmax. */
export function findEndActivation({ steps }: OnnxGraph, output: string): EndActivation {
  const step = steps.find(({ outputs }) => outputs.includes(output))
  if (step === undefined) return 'none'
  if (step.op === 'Softmax') return 'softmax'
  if (step.op === 'Sigmoid') return 'sigmoid'
  return passing.has(step.op)
    ? findEndActivation({ steps } as OnnxGraph, step.inputs[0] ?? '')
    : 'none'
}

/** The table in which the ids of an input are looked up; undefined without one. */
export function findLookup({ steps, inputs, constants }: OnnxGraph): string | undefined {
  const isInput = (name: string | undefined): boolean => {
    if (name === undefined) return false
    if (inputs.includes(name)) return true
    const step = steps.find(({ outputs }) => outputs.includes(name))
    return step?.op === 'Cast' && isInput(step.inputs[0])
  }
  const lookup = steps.find(
    ({ op, inputs: [table = '', ids] }) => op === 'Gather' && constants.has(table) && isInput(ids),
  )
  return lookup?.inputs[0]
}
