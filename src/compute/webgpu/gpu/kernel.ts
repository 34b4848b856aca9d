/** An entry point of WGSL code, and the names of its parameters. */
export interface Kernel {
  readonly label: string
  readonly code: string
  readonly entryPoint: string
  readonly parameters: readonly Parameter[]
}

interface Parameter {
  readonly name: string
  readonly type: 'u32' | 'i32' | 'f32'
}

/** Creates a kernel from the text of its modules. Its parameters are the fields of `struct Parameters`. */
export function createKernel(
  label: string,
  modules: readonly string[],
  entryPoint = 'main',
): Kernel {
  const code = modules.join('\n')
  const fields = /struct Parameters \{([^}]*)\}/.exec(code)?.[1] ?? ''
  const parameters = [...fields.matchAll(/^ *(\w+): (u32|i32|f32),/gm)].map(
    ([, name, type]) => ({ name, type }) as Parameter,
  )
  return { label, code, entryPoint, parameters }
}

/** Encodes the parameters for the uniform buffer, four bytes each. */
export function encodeParameters(
  { label, parameters }: Kernel,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(parameters.length * 4))
  for (const [k, { name, type }] of parameters.entries()) {
    const value = values[name]
    if (value === undefined) throw new TypeError(`${label}: no value for the parameter ${name}.`)
    if (type === 'f32') view.setFloat32(4 * k, value, true)
    else if (type === 'i32') view.setInt32(4 * k, value, true)
    else view.setUint32(4 * k, value, true)
  }
  return view.buffer
}

type Constants = Readonly<Record<string, number>>

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>()

/** Returns the pipeline of a kernel for these values of its overrides, compiled once per device. */
export function getPipeline(
  device: GPUDevice,
  { label, code, entryPoint }: Kernel,
  constants: Constants = {},
): GPUComputePipeline {
  const ofDevice = pipelines.get(device) ?? new Map<string, GPUComputePipeline>()
  pipelines.set(device, ofDevice)
  const key = `${label}.${entryPoint} ${JSON.stringify(constants)}`
  let pipeline = ofDevice.get(key)
  if (pipeline === undefined) {
    const module = device.createShaderModule({ label, code })
    pipeline = device.createComputePipeline({
      label: key,
      layout: 'auto',
      compute: { module, entryPoint, constants },
    })
    ofDevice.set(key, pipeline)
  }
  return pipeline
}
