import type { io } from '@tensorflow/tfjs'
import { baseName, FileError, listPaths, readBytes, type NamedFile } from '../files/named-file.js'
import { sizeOf } from './opened-model.js'

export type WeightsManifest = readonly {
  readonly paths: readonly string[]
  readonly weights: readonly io.WeightsManifestEntry[]
}[]

const bytesOf: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  uint8: 1,
  uint16: 2,
  float16: 2,
}

/**
 * Joins the weights that a model.json names.
 *
 * @throws FileError if files are missing, or have another number of bytes than the weights take
 */
export async function readWeights(
  model: string,
  manifest: WeightsManifest,
  files: readonly NamedFile[],
  folder: string,
): Promise<{ readonly data: ArrayBuffer; readonly files: NamedFile[] }> {
  const paths = manifest.flatMap((group) => group.paths)
  const found = paths.map((path) =>
    files.find((file) => file.path === folder + path || baseName(file.path) === baseName(path)),
  )
  const missing = paths.filter((_, index) => found[index] === undefined)
  if (missing.length > 0) {
    throw new FileError(
      `${model} needs ${listPaths(missing)}, which ${missing.length === 1 ? "isn't" : "aren't"} there. ` +
        'Drop the weights together with it, or the whole folder.',
    )
  }
  const present = found as NamedFile[]
  const data = new Uint8Array(present.reduce((sum, { blob }) => sum + blob.size, 0))
  let end = 0
  for (const file of present) {
    const bytes = await readBytes(file)
    data.set(bytes, end)
    end += bytes.length
  }
  const wanted = countBytes(manifest)
  if (wanted !== undefined && wanted !== data.length) {
    throw new FileError(
      `${listPaths(paths)} ${paths.length === 1 ? 'has' : 'have'} ${data.length.toLocaleString('en')} bytes, but ${model} describes ` +
        `weights of ${wanted.toLocaleString('en')} bytes. A file is cut off or belongs to another model.`,
    )
  }
  return { data: data.buffer, files: present }
}

/** The bytes that the weights take; undefined if there are strings, whose length varies. */
function countBytes(manifest: WeightsManifest): number | undefined {
  let count = 0
  for (const { shape, dtype, quantization } of manifest.flatMap(({ weights }) => weights)) {
    const bytes = bytesOf[quantization?.dtype ?? dtype]
    if (bytes === undefined) return undefined
    count += sizeOf(shape) * bytes
  }
  return count
}
