import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
// As for all tests of this process, which the sources of gradlens/wasm then leave as it is.
import '@tensorflow/tfjs-backend-wasm'
import { run } from '../../src/cli/run.js'

/** The result of a run of the program. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program in this process. */
export async function runHere(...args: string[]): Promise<Finished> {
  const written = { stdout: '', stderr: '' }
  const to = (name: 'stdout' | 'stderr'): { write(text: string): void } => ({
    write: (text) => {
      written[name] += text
    },
  })
  const code = await run(args, { stdout: to('stdout'), stderr: to('stderr') })
  return { code, ...written }
}

/** Starts the built program in another process. */
export function startProgram(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

export async function finished(program: ChildProcess): Promise<Finished> {
  const written = { stdout: '', stderr: '' }
  program.stdout!.on('data', (text) => (written.stdout += String(text)))
  program.stderr!.on('data', (text) => (written.stderr += String(text)))
  const [code] = (await once(program, 'close')) as [number | null]
  return { code, ...written }
}

/** A .npy file, as numpy.save writes it. */
export function writeNpy(
  file: string,
  descr: string,
  shape: readonly number[],
  data: ArrayBufferView,
  { version = 1, fortran = false } = {},
): void {
  const lengths = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ')
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${lengths}), }`
  const start = version === 1 ? 10 : 12
  const header = Buffer.from(
    `${text.padEnd(Math.ceil((text.length + start + 1) / 64) * 64 - start - 1)}\n`,
  )
  const lead = Buffer.alloc(start)
  lead.write('\x93NUMPY', 'latin1')
  lead.writeUInt8(version, 6)
  if (version === 1) lead.writeUInt16LE(header.length, 8)
  else lead.writeUInt32LE(header.length, 8)
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  writeFileSync(file, Buffer.concat([lead, header, bytes]))
}

/** Writes the file of a model, and its weights in two shards. */
export function writeModelFiles(
  folder: string,
  model: { readonly format: string; readonly modelTopology: unknown },
  weights: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly data: Float32Array
  }[],
): void {
  mkdirSync(folder, { recursive: true })
  const half = Math.ceil(weights.length / 2)
  const groups = [weights.slice(0, half), weights.slice(half)]
  const weightsManifest = groups.map((group, i) => {
    const name = `weights-${i}.bin`
    writeFileSync(
      path.join(folder, name),
      Buffer.concat(group.map(({ data }) => Buffer.from(data.buffer))),
    )
    const specs = group.map((weight) => ({
      name: weight.name,
      shape: weight.shape,
      dtype: 'float32',
    }))
    return { paths: [name], weights: specs }
  })
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify({ ...model, weightsManifest }))
}

/** All files below a folder, by name. */
export function filesOf(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Object.fromEntries(
    names.sort().map((name) => [path.relative(root, name), readFileSync(name, 'latin1')]),
  )
}
