import { StoreError } from '../../../errors.js'
import { type NdArray, sameShape } from '../../../ndarray.js'
import { createSha256 } from './sha256.js'

/** Everything that gradients depend on, apart from the examples. */
export interface StoreIdentity {
  /** See `hashWeights`. */
  readonly weightsHash: string
  /** See `identifyLoss`. */
  readonly loss: string
  /** The trainable parameters, in the model's order. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[]
}

/** A hash of all weights that a prediction depends on: their names, shapes and float32 values. */
export async function hashWeights(
  weights: Iterable<{ name: string; value: NdArray }>,
): Promise<string> {
  const hash = await createSha256()
  const encoder = new TextEncoder()
  for (const { name, value } of weights) {
    // JSON strings contain no line break, so the end of each header is unambiguous.
    hash.update(encoder.encode(`${JSON.stringify([name, value.shape])}\n`))
    const { buffer, byteOffset, byteLength } = Float32Array.from(value.data)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return `sha256:${hash.digestHex()}`
}

/** A loss as a store records it: its name, or a hash of a function's source text. */
export async function identifyLoss(
  loss: string | ((...values: never[]) => unknown),
): Promise<string> {
  if (typeof loss === 'string') return loss
  const hash = await createSha256()
  return `function sha256:${hash.update(new TextEncoder().encode(String(loss))).digestHex()}`
}

/** @throws StoreError with failure `'different'` if anything differs */
export function refuseDifferences(found: readonly string[]): void {
  if (found.length === 0) return
  throw new StoreError(
    'different',
    `The store belongs to another fit: ${found.join('; ')}. Use the model, loss and options of that fit, or write to a ` +
      'store of another name.',
  )
}

/** The differences of two identities, a sentence each; `theirs` is that of the store. */
export function compareIdentities(ours: StoreIdentity, theirs: StoreIdentity): string[] {
  const found: string[] = []
  if (ours.loss !== theirs.loss) found.push(`the loss is ${theirs.loss}, here ${ours.loss}`)
  found.push(...compareParameters(ours.parameters, theirs.parameters))
  if (ours.weightsHash !== theirs.weightsHash) {
    found.push(`the weights are ${theirs.weightsHash}, here ${ours.weightsHash}`)
  }
  return found
}

function compareParameters(
  ours: StoreIdentity['parameters'],
  theirs: StoreIdentity['parameters'],
): string[] {
  const found: string[] = []
  for (const { name, shape } of theirs) {
    const other = ours.find((parameter) => parameter.name === name)
    if (other === undefined)
      found.push(`it has the trainable parameter '${name}', which is missing here`)
    else if (!sameShape(shape, other.shape)) {
      found.push(
        `parameter '${name}' has shape [${shape.join(', ')}], here [${other.shape.join(', ')}]`,
      )
    }
  }
  for (const { name } of ours) {
    if (theirs.some((parameter) => parameter.name === name)) continue
    found.push(`it lacks the trainable parameter '${name}'`)
  }
  const sameOrder = ours.every(({ name }, i) => theirs[i]?.name === name)
  if (found.length === 0 && !sameOrder) found.push('the parameters have another order')
  return found.length > 6
    ? [...found.slice(0, 6), `${found.length - 6} more parameters differ`]
    : found
}
