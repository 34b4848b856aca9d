import { baseName, endingOf, FileError, type NamedFile } from './named-file.js'

const toKeras = (name: string): string =>
  `python -c "import keras; keras.saving.load_model('${name}').save('model.keras')"`
const savedModel =
  'tensorflowjs_converter --input_format=tf_saved_model SAVED_MODEL_FOLDER web_model'
const toOnnx =
  "torch.onnx.export(model, example, 'model.onnx', dynamic_axes={'x': {0: 'batch'}}, input_names=['x'])"

/** Model formats that browsers can't run, and a line that converts each. */
const conversions: Readonly<
  Record<string, (name: string) => readonly [what: string, line: string]>
> = {
  h5: (name) => ['a Keras 2 file', toKeras(name)],
  hdf5: (name) => ['a Keras 2 file', toKeras(name)],
  pb: () => ['a TensorFlow SavedModel', savedModel],
  pt: () => ['a PyTorch file', toOnnx],
  pth: () => ['a PyTorch file', toOnnx],
  ckpt: () => ['a checkpoint of PyTorch or TensorFlow', toOnnx],
  safetensors: () => ['a file with weights only', toOnnx],
  tflite: () => ['a TensorFlow Lite file, which has no gradients', savedModel],
  pkl: () => ['a Python pickle', 'skl2onnx.to_onnx(model, X[:1]), for a neural network'],
  joblib: () => ['a Python pickle', 'skl2onnx.to_onnx(model, X[:1]), for a neural network'],
  mlmodel: () => ['a Core ML file', toOnnx],
}

/** @throws FileError for a model in a format that browsers can't run, with a line that converts it */
export function refuseFormats(files: readonly NamedFile[]): void {
  for (const { path } of files) {
    const name = baseName(path)
    if (name.endsWith('.weights.h5')) {
      throw new FileError(
        `${name} has only weights. Save the whole model in Python: model.save('model.keras'). Then drop model.keras.`,
      )
    }
    const describe = conversions[endingOf(path)]
    if (describe === undefined) continue
    const [what, line] = describe(name)
    throw new FileError(
      `${name} is ${what}. Browsers can't run it. Convert it in Python: ${line}. Then drop the result.`,
    )
  }
}
