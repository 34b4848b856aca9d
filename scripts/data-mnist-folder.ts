import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { format } from 'prettier'
import type { Digits } from './data-mnist-digits.js'

export const MNIST_FOLDER: string = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  'public',
  'mnist',
)

/** Writes JSON the way that the repository formats it, so that a run of a script leaves a small diff. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  const text = await format(JSON.stringify(value, null, 2), { parser: 'json', printWidth: 100 })
  writeFileSync(join(MNIST_FOLDER, file), text)
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(MNIST_FOLDER, file), 'utf8'))
}

export function readDigitSet(name: 'references' | 'held-out'): Digits {
  return {
    images: gunzipSync(readFileSync(join(MNIST_FOLDER, `${name}-images.bin.gzip`))),
    labels: readFileSync(join(MNIST_FOLDER, `${name}-labels.bin`)),
  }
}
