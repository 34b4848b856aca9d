/**
 * The internals of TensorFlow.js's engine that we use. tests/devices/models/tfjs-engine.test.ts pins them
 * to 4.22.
 *
 * Work runs in synchronous sections. Inside a section, the engine uses our device and our repairs.
 * Outside, TensorFlow.js is as the page left it. Its registries are never changed.
 */
import * as tf from '@tensorflow/tfjs'
import type { KernelBackend, NamedTensorMap, Tensor, TensorContainer } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { TfjsDevice } from './tfjs-device.js'
import type { Attributes, KernelCall } from '../kernel.js'
import { gradientRepairs } from '../repairs/gradients.js'
import { lacksStatistics, normalizeByInput } from '../repairs/arithmetic/batch-statistics.js'
import { repairedKernel } from '../repairs/kernels.js'
import { findBackend } from './backend-registry.js'
import { withKernelWorkspace } from './kernel-workspace.js'
import { reportLookup } from './lookups.js'
import { valuelessKernels } from './valueless-kernels.js'

/** A kernel call recorded in the forward pass. `gradient` is tfjs's own, or undefined. */
export interface TapeNode {
  readonly kernelName: string
  readonly inputs: NamedTensorMap
  readonly outputs: readonly Tensor[]
  readonly gradient?: (outputGradients: Tensor[]) => Record<string, () => Tensor>
  /** Copies of inputs and outputs for our own rules. The model may dispose the originals. */
  call?: KernelCall
}

interface EngineNode extends TapeNode {
  readonly saved: readonly Tensor[]
}

type RunKernel = (
  name: string,
  inputs: NamedTensorMap,
  attributes?: Attributes,
) => Tensor | Tensor[]
type CustomFunction = (...args: unknown[]) => { value: Tensor }
type CustomGrad = (f: CustomFunction) => (...inputs: Tensor[]) => Tensor

interface Engine {
  backendName: string | undefined
  backendInstance: KernelBackend | null
  readonly state: {
    activeTape: EngineNode[] | null
    activeScope: { readonly name: string; readonly track: Tensor[] } | null
    gradientDepth: number
    kernelDepth: number
  }
  runKernel: RunKernel
  customGrad: CustomGrad
  startTape(): void
  endTape(): void
  isTapeOn(): boolean
  keep<T extends Tensor>(tensor: T): T
  clone(tensor: Tensor): Tensor
  getTensorsForGradient(name: string, inputs: NamedTensorMap, outputs: Tensor[]): Tensor[]
  saveTensorsForBackwardMode(tensors: Tensor[]): Tensor[]
  addTapeNode(
    name: string,
    inputs: NamedTensorMap,
    outputs: Tensor[],
    gradient: null,
    saved: Tensor[],
    attributes: Attributes,
  ): void
}

const engine = (): Engine => tf.engine() as unknown as Engine

/**
 * Runs a synchronous function on a device, with the repairs. Tensors that it creates are disposed,
 * except those that it returns. The engine is restored afterwards, also if the function throws.
 */
export function runOn<Result>(device: TfjsDevice, run: () => Result): Result {
  const current = engine()
  const backend = findBackend(device)
  const { backendName, backendInstance } = current
  const ownMethods = ['runKernel', 'customGrad'].filter((name) => Object.hasOwn(current, name))
  const { runKernel, customGrad } = current
  current.backendName = device
  current.backendInstance = backend
  current.runKernel = repairedRunKernel(current, runKernel.bind(current), device)
  current.customGrad = unfusedCustomGrad(current, customGrad.bind(current))
  try {
    return withoutScope(current, () => tf.tidy(run as () => TensorContainer) as Result)
  } finally {
    current.backendName = backendName
    current.backendInstance = backendInstance
    if (ownMethods.includes('runKernel')) current.runKernel = runKernel
    else Reflect.deleteProperty(current, 'runKernel')
    if (ownMethods.includes('customGrad')) current.customGrad = customGrad
    else Reflect.deleteProperty(current, 'customGrad')
  }
}

/** Keeps a function's results out of the page's scope, which may end before they are used. */
function withoutScope<Result>({ state }: Engine, run: () => Result): Result {
  const tracked = state.activeScope?.track
  const trackedBefore = tracked?.length ?? 0
  const result = run()
  tracked?.splice(trackedBefore)
  return result
}

/**
 * Records what `forward` computes and passes the tape to `use`. Call it within `runOn`. The tape's
 * tensors are freed afterwards, except those that `use` returns.
 *
 * @param ruled kernels whose calls are kept for our own rules, in addition to the repaired
 *   gradients
 */
export function withTape<Value, Result>(
  ruled: ReadonlySet<string>,
  forward: () => Value,
  use: (tape: readonly TapeNode[], value: Value) => Result,
): Result {
  const current = engine()
  const outerTape = current.state.activeTape
  const outerRuled = ruledKernels
  let tape: EngineNode[] = []
  ruledKernels = ruled
  current.startTape()
  try {
    let value: Value
    try {
      value = forward()
    } finally {
      tape = current.state.activeTape ?? []
      current.endTape()
    }
    return use(tape, value)
  } finally {
    ruledKernels = outerRuled
    current.state.activeTape = outerTape
    for (const node of tape) {
      for (const tensor of node.saved) tensor.dispose()
      if (node.call === undefined) continue
      for (const tensor of Object.values(node.call.inputs)) tensor.dispose()
      for (const tensor of node.call.outputs) tensor.dispose()
    }
  }
}

let ruledKernels: ReadonlySet<string> = new Set()

/**
 * Runs a model for the shapes of its tensors. Slow kernels return zeros. Call it within `runOn`.
 */
export function withoutValues<Result>(run: () => Result): Result {
  const outer = isWithoutValues
  isWithoutValues = true
  try {
    return run()
  } finally {
    isWithoutValues = outer
  }
}

let isWithoutValues = false

function repairedRunKernel(current: Engine, own: RunKernel, device: TfjsDevice): RunKernel {
  const runKernel = (
    name: string,
    inputs: NamedTensorMap,
    attributes: Attributes,
  ): Tensor | Tensor[] =>
    withKernelWorkspace(name, inputs, attributes, () => own(name, inputs, attributes))
  return (name, inputs, attributes = {}) => {
    const isTapeOn = current.isTapeOn()
    const unfused = isTapeOn && isLinear(attributes) ? unfusedKernels[name] : undefined
    if (unfused !== undefined) return unfused(current, inputs, attributes)
    if (lacksStatistics(name, inputs)) return normalizeByInput(inputs, attributes)
    runUntaped(current, () => {
      reportLookup(name, inputs, attributes)
    })
    const repair =
      (isWithoutValues ? valuelessKernels[name] : undefined) ??
      repairedKernel(device, name, inputs, attributes)
    if (repair === undefined && !hasKernel(name, device)) throw missingKernel(name, device)
    const hasOwnGradient = name in gradientRepairs
    const isKept = isTapeOn && (hasOwnGradient || ruledKernels.has(name))
    if (repair === undefined && !isKept) {
      return runKernel(name, inputs, attributes)
    }
    const output = runUntaped(current, () =>
      repair === undefined
        ? runKernel(name, inputs, attributes)
        : tf.tidy(() => repair(inputs, attributes)),
    )
    if (isTapeOn) {
      // The node is added here, under the kernel's name: a repair is one kernel, not the ops that
      // it is made of, and tfjs cannot save the inputs of a call that leaves one out (batch norm
      // without scale).
      const outputs = Array.isArray(output) ? output : [output]
      const saved =
        hasOwnGradient || isWithoutValues
          ? []
          : runUntaped(current, () =>
              current.saveTensorsForBackwardMode(
                current.getTensorsForGradient(name, inputs, outputs),
              ),
            )
      current.addTapeNode(name, inputs, outputs, null, saved, attributes)
      const node = current.state.activeTape?.at(-1)
      if (node !== undefined && isKept) node.call = keepCall(current, inputs, outputs, attributes)
    }
    return output
  }
}

const hasKernel = (name: string, device: TfjsDevice): boolean =>
  (tf.getKernel(name, device) as unknown) !== undefined

const devices: readonly TfjsDevice[] = ['webgpu', 'wasm', 'cpu']

function missingKernel(name: string, device: TfjsDevice): UnsupportedError {
  const others = devices.filter((other) => hasKernel(name, other))
  const remedy =
    others.length === 0
      ? 'Replace the op in the model.'
      : `Use device ${others.map((other) => `'${other}'`).join(' or ')}, or replace the op in the model.`
  const what = name === 'Complex' ? 'Complex (complex numbers, as in fft and rfft)' : name
  return new UnsupportedError(
    name,
    `TensorFlow.js cannot compute ${what} on ${device}, and the model needs it. ${remedy}`,
  )
}

const isLinear = ({ activation }: Attributes): boolean =>
  activation === undefined || activation === 'linear'

function keepCall(
  current: Engine,
  inputs: NamedTensorMap,
  outputs: readonly Tensor[],
  attributes: Attributes,
): KernelCall {
  // Reshapes, because clones share their values on every backend except wasm.
  const keep = (tensor: Tensor): Tensor =>
    runUntaped(current, () => current.keep(tensor.reshape(tensor.shape)))
  const present = Object.entries(inputs as Record<string, Tensor | null | undefined>).flatMap(
    ([name, tensor]) => (tensor == null ? [] : [[name, keep(tensor)] as const]),
  )
  return { inputs: Object.fromEntries(present), outputs: outputs.map(keep), attributes }
}

function runUntaped<Result>(current: Engine, run: () => Result): Result {
  current.state.kernelDepth++
  try {
    return run()
  } finally {
    current.state.kernelDepth--
  }
}

/**
 * Splits a fused op on the tape. Its own gradient computes the gradients of all inputs at once and
 * hides its attributes. tfjs itself fuses only linear activations while a tape runs.
 */
function unfusedCustomGrad(current: Engine, customGrad: CustomGrad): CustomGrad {
  return (f) => {
    const isFused = current.isTapeOn() && fusedOps.has(current.state.activeScope?.name ?? '')
    return isFused ? (...inputs) => f(...inputs, saveNothing).value : customGrad(f)
  }
}

const saveNothing = (): void => undefined

const fusedOps: ReadonlySet<string> = new Set([
  'fusedConv2d__op',
  'fusedDepthwiseConv2d__op',
  'fusedMatMul__op',
])

type Unfused = (current: Engine, inputs: NamedTensorMap, attributes: Attributes) => Tensor

const withBias = (current: Engine, output: Tensor, bias: Tensor | undefined): Tensor =>
  bias === undefined ? output : (current.runKernel('Add', { a: output, b: bias }) as Tensor)

const unfusedKernels: Readonly<Record<string, Unfused | undefined>> = {
  FusedConv2D: (current, { x, filter, bias }, attributes) =>
    withBias(
      current,
      current.runKernel('Conv2D', tensors({ x, filter }), attributes) as Tensor,
      bias,
    ),
  FusedDepthwiseConv2D: (current, { x, filter, bias }, attributes) =>
    withBias(
      current,
      current.runKernel('DepthwiseConv2dNative', tensors({ x, filter }), attributes) as Tensor,
      bias,
    ),
  _FusedMatMul: (current, { a, b, bias }, attributes) =>
    withBias(
      current,
      current.runKernel('BatchMatMul', tensors({ a, b }), attributes) as Tensor,
      bias,
    ),
}

const tensors = (inputs: Record<string, Tensor | undefined>): NamedTensorMap =>
  inputs as NamedTensorMap
