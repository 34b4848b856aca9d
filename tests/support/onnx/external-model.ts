import { PbfWriter } from 'pbf'
import { bytesOf, nodeOf } from './onnx-models.js'

/** The bytes of a model with one matrix, whose tensor is written by a function. */
export function modelWith(writeTensor: (pbf: PbfWriter) => void): Uint8Array {
  const { nodes, inputs } = { nodes: [nodeOf('MatMul', ['x', 'w'], 'y')], inputs: { x: [2] } }
  const pbf = new PbfWriter()
  pbf.writeBytes(bytesOf({ nodes, constants: {}, inputs, outputs: ['y'] }))
  // Skips the length that writeBytes puts first; a second graph message is merged with the first.
  const whole = pbf.finish()
  const start = whole.findIndex((byte) => byte < 128) + 1
  const added = new PbfWriter()
  added.writeMessage(
    7,
    (_, graph) => {
      graph.writeMessage(
        5,
        (__, tensor) => {
          writeTensor(tensor)
        },
        null,
      )
    },
    null,
  )
  return Uint8Array.from([...whole.subarray(start), ...added.finish()])
}

export const writeString = (pbf: PbfWriter, tag: number, text: string): void => {
  pbf.writeTag(tag, 2)
  pbf.writeString(text)
}

export const writeInteger = (pbf: PbfWriter, tag: number, value: number): void => {
  pbf.writeTag(tag, 0)
  pbf.writeVarint(value)
}

/** The bytes of a model that has the four numbers of its matrix in weights.bin, after four bytes. */
export const externalModel: Uint8Array = modelWith((pbf) => {
  for (const length of [2, 2]) writeInteger(pbf, 1, length)
  writeInteger(pbf, 2, 1)
  writeString(pbf, 8, 'w')
  for (const [key, value] of [
    ['location', 'weights.bin'],
    ['offset', '4'],
    ['length', '16'],
  ] as const) {
    pbf.writeMessage(
      13,
      (_, entry) => {
        writeString(entry, 1, key)
        writeString(entry, 2, value)
      },
      null,
    )
  }
  writeInteger(pbf, 14, 1)
})
