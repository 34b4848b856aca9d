import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'

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
