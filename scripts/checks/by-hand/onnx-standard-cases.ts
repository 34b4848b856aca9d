/**
 * Compares ONNX models that are converted to TensorFlow.js with the outputs that ONNX's own tests of
 * operators expect: `npx tsx scripts/checks/by-hand/onnx-standard-cases.ts [python]`, with a Python
 * that has the package `onnx`. Each case runs twice: with its first input as the examples, and with
 * all inputs as constants, so that the first axis is as any other. The script prints the cases with
 * other outputs, and how many are refused, and exits with status 1 if one has other outputs.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { isGradlensError } from '../../../src/errors.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { type Conversion, convertModel } from '../../../src/onnx/to-tfjs/convert-model.js'

interface Case {
  readonly name: string
  readonly exampleCount: number
  /** Of one example. */
  readonly shape: readonly number[]
  /** The input and the expected output, as texts, because JSON has no infinite numbers. */
  readonly x: readonly string[]
  readonly expected: readonly string[]
  readonly expectedShape: readonly number[]
  readonly isFloat: boolean
  readonly isFloat16: boolean
}

/** Rounding of float32, and of cases whose expected outputs are float16, relative to 1 + |expected|. */
const [tolerance, float16Tolerance] = [5e-5, 2e-3]

/**
 * Their outputs differ for reasons outside of the converter: ONNX Runtime computes what the converter
 * does, or the case has an attribute of a later opset than 23.
 */
const known: ReadonlySet<string> = new Set([
  'test_resize_downsample_scales_linear_align_corners',
  'test_spacetodepth_crd_mode_example',
])

const program = `import json, sys, warnings
import numpy as np, onnx
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
warnings.simplefilter("ignore")

def to_array(value):
    value = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None

def texts(array):
    return [str(value).replace("inf", "Infinity") for value in array.astype(np.float64).ravel()]

def write(case, name, model, x, expected):
    floats = x.dtype.kind == "f"
    with open(name + ".onnx", "wb") as file:
        file.write(model.SerializeToString())
    small = "float16" in (str(x.dtype), str(expected.dtype)) or "16" in case.name
    return dict(name=name, shape=x.shape[1:], x=texts(x), expected=texts(expected), isFloat=floats,
                expectedShape=expected.shape, isFloat16=small, exampleCount=x.shape[0])

written = []
for case in collect_testcases(None):
    if case.model is None or not case.data_sets: continue
    inputs, outputs = ([to_array(value) for value in values] for values in case.data_sets[0])
    names = [each.name for each in case.model.graph.input]
    expected = outputs[0]
    if expected is None or expected.dtype.kind not in "fiub" or len(names) != len(inputs): continue
    if any(each is None or each.dtype.kind not in "fiub" for each in inputs): continue
    chosen = next((k for kind in "fiub" for k, each in enumerate(inputs)
                   if each.dtype.kind == kind and each.ndim > 0), None)
    if chosen is None: continue
    try:
        # Of later opsets than the converter reads; the operators are mostly the same.
        model = onnx.ModelProto(); model.CopyFrom(case.model)
        for opset in model.opset_import:
            if opset.domain == "" and opset.version > 23: opset.version = 23
        del model.graph.output[1:]
        if expected.dtype != np.float32:
            model.graph.node.append(helper.make_node("Cast", [model.graph.output[0].name], ["floats"], to=1))
            del model.graph.output[:]
            model.graph.output.append(helper.make_tensor_value_info("floats", 1, None))
        for k, (name, array) in enumerate(zip(names, inputs)):
            if k != chosen: model.graph.initializer.append(numpy_helper.from_array(array, name))
        x = inputs[chosen]
        kept = [each for each in model.graph.input if each.name == names[chosen]]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
        constant = onnx.ModelProto(); constant.CopyFrom(model)
        constant.graph.initializer.append(numpy_helper.from_array(x, names[chosen]))
        constant.graph.initializer.append(numpy_helper.from_array(np.array([1, -1]), "flat shape"))
        constant.graph.initializer.append(numpy_helper.from_array(np.float32(0), "no share"))
        constant.graph.node.extend([
            helper.make_node("Reshape", [constant.graph.output[0].name, "flat shape"], ["flat"]),
            helper.make_node("Mul", ["examples", "no share"], ["zeros"]),
            helper.make_node("Add", ["zeros", "flat"], ["every"]),
        ])
        del constant.graph.input[:], constant.graph.output[:]
        constant.graph.input.append(helper.make_tensor_value_info("examples", 1, ["N", 1]))
        constant.graph.output.append(helper.make_tensor_value_info("every", 1, None))
        written.append(write(case, case.name, model, x, expected))
        both = np.tile(expected.ravel(), (2, 1))
        written.append(write(case, case.name + " of constants", constant, np.ones((2, 1), "float32"), both))
    except (IndexError, TypeError, ValueError, NotImplementedError): continue
json.dump(written, open("cases.json", "w"))
`

function readCases(python: string, folder: string): Case[] {
  execFileSync(python, ['-c', program], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return JSON.parse(readFileSync(path.join(folder, 'cases.json'), 'utf8')) as Case[]
}

/** Returns why the output isn't the expected one; undefined if it is. */
async function compare(
  { description, weights }: Conversion,
  given: Case,
): Promise<string | undefined> {
  const artifacts = { ...description, weightData: weights.buffer } as unknown
  const model = await tf.loadGraphModel({
    load: () => Promise.resolve(artifacts as tf.io.ModelArtifacts),
  })
  const full = [given.exampleCount, ...given.shape]
  const [found, shape] = tf.tidy(() => {
    const x = tf.tensor(given.x.map(Number), full, given.isFloat ? 'float32' : 'int32')
    const output = model.predict(x) as tf.Tensor
    return [output.dataSync(), output.shape] as const
  })
  model.dispose()
  if (shape.join() !== given.expectedShape.join()) {
    return `shape [${shape.join()}]; expected [${given.expectedShape.join()}]`
  }
  const expected = given.expected.map((value) => Math.fround(Number(value)))
  const most = given.isFloat16 ? float16Tolerance : tolerance
  const at = expected.findIndex(
    (value, k) =>
      !Object.is(value, found[k]) &&
      value !== found[k] &&
      !(Math.abs(value - found[k]!) <= most * (1 + Math.abs(value))),
  )
  return at < 0 ? undefined : `${found[at]!} at ${at}; expected ${expected[at]!}`
}

const [python = 'python3'] = process.argv.slice(2)
const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-onnx-'))
await tf.setBackend('cpu')
let [passed, refused, failed] = [0, 0, 0]
try {
  for (const given of readCases(python, folder)) {
    const bytes = readFileSync(path.join(folder, `${given.name}.onnx`))
    try {
      const model = readModel(new Uint8Array(bytes), () => new Uint8Array())
      const fault = await compare(convertModel(model, { shapes: [given.shape] }), given)
      if (fault === undefined || known.has(given.name.replace(' of constants', ''))) passed++
      else {
        failed++
        console.log(`${given.name}: ${fault}`)
      }
    } catch (error) {
      if (!isGradlensError(error)) throw error
      refused++
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${refused} refused, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
