import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import type { OnnxModel } from './onnx-model.js'
import { readModel } from './read-model.js'

/** The bytes of a file, or where it is. */
export type FileSource = Uint8Array | ArrayBuffer | string | URL

/**
 * The files with weights outside of the .onnx file, by their names in it. Default: fetched from the folder of the model,
 * if the model is given by its URL.
 */
export type ExternalData = Readonly<Record<string, FileSource>>

/** The bytes of an .onnx file, and of the files with weights outside of it, by their names in it. */
export interface ModelFiles {
  readonly bytes: Uint8Array
  readonly external: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads a model with its external files.
 *
 * @throws InvalidArgumentError for what isn't an ONNX model, and for files that are missing or too short
 */
export async function readSource(
  source: FileSource,
  externalData: ExternalData = {},
): Promise<OnnxModel> {
  return readModelFiles(await readFiles(source, externalData))
}

/** Reads the files of a model. */
export async function readFiles(
  source: FileSource,
  externalData: ExternalData = {},
): Promise<ModelFiles> {
  const bytes = await readFile('model', source)
  const wanted = new Set<string>()
  readModel(bytes, (location, _, byteLength = 0) => {
    wanted.add(location)
    return new Uint8Array(byteLength)
  })
  const external = new Map<string, Uint8Array>()
  for (const location of wanted) {
    const given = externalData[location] ?? resolveFromModel(source, location)
    external.set(location, await readFile(`externalData['${location}']`, given))
  }
  return { bytes, external }
}

/** @throws InvalidArgumentError for what isn't an ONNX model, and for files that are too short */
export function readModelFiles({ bytes, external }: ModelFiles): OnnxModel {
  return readModel(bytes, (location, offset, byteLength) => {
    const file = external.get(location) ?? new Uint8Array()
    const end = byteLength === undefined ? file.length : offset + byteLength
    if (end <= file.length) return file.subarray(offset, end)
    throw new InvalidArgumentError(
      `externalData['${location}']`,
      `${file.length} bytes`,
      `${end} bytes or more; the file may be cut off, or belong to another model`,
    )
  })
}

function resolveFromModel(source: FileSource, location: string): string | URL {
  if (typeof source === 'string' || source instanceof URL) {
    const base = 'location' in globalThis ? globalThis.location.href : undefined
    return new URL(location, new URL(source, base))
  }
  throw new InvalidArgumentError(
    'options.externalData',
    `no '${location}', in which the model keeps weights`,
    `its bytes or its URL: { externalData: { '${location}': … } }`,
  )
}

async function readFile(argument: string, source: FileSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) {
    // The slice() of Node's Buffer shares memory, where that of other arrays copies it.
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new InvalidArgumentError(argument, describe(source), 'bytes (Uint8Array) or a URL')
  }
  const response = await fetch(source)
  if (response.ok) return new Uint8Array(await response.arrayBuffer())
  throw new InvalidArgumentError(
    argument,
    `HTTP status ${response.status} from ${String(source)}`,
    'the URL of a file that exists',
  )
}
