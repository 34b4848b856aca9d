import { readdirSync, readFileSync } from 'node:fs'
import type { NdArray } from 'gradlens'

/** An array of `expected.bin`. */
interface Place {
  readonly dtype: 'float32' | 'int32'
  readonly shape: readonly number[]
  readonly byteOffset: number
}

interface Expected {
  readonly x: Place
  readonly labels: Place
  readonly logits: Place
  readonly inputGradient?: Place
  readonly parameters: Readonly<Record<string, Place>>
}

/** What PyTorch computes with one network, in float64; see tests/peers/torch. */
export interface TorchNet {
  readonly x: NdArray
  readonly labels: NdArray
  readonly logits: NdArray
  /** Of the cross-entropy of each example; undefined for inputs of token ids. */
  readonly inputGradient: NdArray | undefined
  /** Of each example, [examples, ...shape], by torch's names. */
  readonly parameters: ReadonlyMap<string, NdArray>
}

const folder = new URL('../../fixtures/torch/', import.meta.url)

export const torchNets: readonly string[] = readdirSync(folder)

/** The ways in which each network was exported. */
export const exporters = ['legacy', 'unfolded', 'dynamo'] as const

export const readExport = (net: string, exporter: (typeof exporters)[number]): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`${net}/${exporter}.onnx`, folder)))

export function readTorchNet(net: string): TorchNet {
  const json = readFileSync(new URL(`${net}/expected.json`, folder), 'utf8')
  const expected = JSON.parse(json) as Expected
  const bytes = readFileSync(new URL(`${net}/expected.bin`, folder))
  const read = ({ dtype, shape, byteOffset }: Place): NdArray => {
    const size = shape.reduce((product, length) => product * length, 1)
    const own = new Uint8Array(bytes.subarray(byteOffset, byteOffset + 4 * size)).buffer
    return { data: dtype === 'int32' ? new Int32Array(own) : new Float32Array(own), shape }
  }
  const { x, labels, logits, inputGradient, parameters } = expected
  return {
    x: read(x),
    labels: read(labels),
    logits: read(logits),
    inputGradient: inputGradient && read(inputGradient),
    parameters: new Map(Object.entries(parameters).map(([name, place]) => [name, read(place)])),
  }
}
