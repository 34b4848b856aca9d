import type { ExternalData } from 'gradlens/onnx'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from './arrays/array-source.js'
import { UsageError } from './command.js'

/** @throws UsageError if there is no such file */
export async function readOnnxFile(place: string): Promise<Uint8Array> {
  try {
    return await readFile(place)
  } catch {
    throw new UsageError(`--model: ${place} does not exist; expected an .onnx file.`)
  }
}

/** Reads each file when the model asks for it. Only a model knows the names of its files. */
export const createExternalData = (place: string): ExternalData =>
  new Proxy<Record<string, Uint8Array>>(
    {},
    {
      get: (_, name) => {
        const folder = path.resolve(path.dirname(place))
        const file = path.resolve(folder, String(name))
        if (!file.startsWith(folder + path.sep)) {
          throw new InputError(
            `${place}: its weights are in '${String(name)}', outside of its folder; expected them inside.`,
          )
        }
        try {
          return readFileSync(file)
        } catch (cause) {
          throw new InputError(
            `${file}: this file of weights does not exist; expected it in the folder of ${path.basename(place)}, which ` +
              'names it.',
            { cause },
          )
        }
      },
    },
  )
