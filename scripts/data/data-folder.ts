import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { format } from 'prettier'
import { IMAGE_SHAPE, classCounts, type LabelledImages } from './images.js'

const PUBLIC_FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'public')

/** A folder of public/ with the data and the model of one page of the demo. */
export class DataFolder {
  readonly path: string

  constructor(name: string) {
    this.path = join(PUBLIC_FOLDER, name)
  }

  /** Returns the path of a file in the folder. */
  file(name: string): string {
    return join(this.path, name)
  }

  readJson(name: string): unknown {
    return JSON.parse(readFileSync(this.file(name), 'utf8'))
  }

  /** Writes JSON in the repository's format, so that running a script leaves a small diff. */
  async writeJson(name: string, value: unknown): Promise<void> {
    const text = await format(JSON.stringify(value, null, 2), { parser: 'json', printWidth: 100 })
    this.write(name, text)
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(this.path, { recursive: true })
    writeFileSync(this.file(name), content)
  }

  readImages(name: 'references' | 'held-out'): LabelledImages {
    return {
      images: gunzipSync(readFileSync(this.file(`${name}-images.bin.gzip`))),
      labels: readFileSync(this.file(`${name}-labels.bin`)),
    }
  }

  /** Writes images and labels. Returns their entry for an index. */
  writeImages(
    name: 'references' | 'held-out',
    { images, labels }: LabelledImages,
    classCount: number,
  ): object {
    const count = labels.length
    const imagesFile = `${name}-images.bin.gzip`
    const labelsFile = `${name}-labels.bin`
    const compressed = gzipSync(images, { level: 9 })
    this.write(imagesFile, compressed)
    this.write(labelsFile, labels)
    return {
      count,
      classCounts: classCounts(labels, classCount),
      images: {
        file: imagesFile,
        encoding: 'gzip',
        shape: [count, ...IMAGE_SHAPE],
        byteLength: images.length,
        encodedByteLength: compressed.length,
        sha256: sha256(images),
      },
      labels: { file: labelsFile, shape: [count], byteLength: labels.length },
    }
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
