import type { ArraySpec } from 'gradlens'
import type { ModelFacts, TextFacts } from './model-facts.js'
import { formatShape, sizeOf } from './opened-model.js'

/** What a model takes, as far as its input says. */
export type InputKind =
  | {
      readonly kind: 'picture'
      /** Null: any. */
      readonly height: number | null
      readonly width: number | null
      readonly channels: 1 | 3
      readonly layout: 'first' | 'last'
    }
  /** Token ids; the length is null for any. */
  | { readonly kind: 'tokens'; readonly length: number | null }
  | {
      readonly kind: 'numbers'
      readonly shape: readonly (number | null)[]
      readonly size: number | null
    }

/** @throws Error for a model with several inputs, which are joined first */
export function findInputKind({ inputs, embedding }: ModelFacts): InputKind {
  const [input] = inputs
  if (input === undefined || inputs.length > 1) {
    throw new Error(`Expected one input; got ${inputs.length}.`)
  }
  return (
    findPicture(input) ?? findTokens(input, embedding) ?? { kind: 'numbers', ...sizesOf(input) }
  )
}

function findPicture({ shape, channels, dtype }: ArraySpec): InputKind | undefined {
  if (shape.length !== 3 || dtype !== 'float32') return undefined
  const isCount = (length: number | null | undefined): length is 1 | 3 =>
    length === 1 || length === 3
  const [first, second, third] = shape as [number | null, number | null, number | null]
  if (channels !== 'first' && isCount(third)) {
    return { kind: 'picture', height: first, width: second, channels: third, layout: 'last' }
  }
  return isCount(first)
    ? { kind: 'picture', height: second, width: third, channels: first, layout: 'first' }
    : undefined
}

function findTokens(
  { shape, dtype }: ArraySpec,
  embedding: string | undefined,
): InputKind | undefined {
  const isTokens = shape.length === 1 && (embedding !== undefined || dtype === 'int32')
  return isTokens ? { kind: 'tokens', length: shape[0] ?? null } : undefined
}

function sizesOf({ shape }: ArraySpec): { shape: ArraySpec['shape']; size: number | null } {
  return { shape, size: shape.includes(null) ? null : sizeOf(shape as number[]) }
}

/** What the model takes, in words: 'pictures of 224 × 224 pixels'. */
export function describeInputKind(kind: InputKind, text?: TextFacts): string {
  if (text !== undefined) {
    const length = text.length === null ? '' : ` of up to ${text.length} words`
    return `texts${length}, with a vocabulary of ${text.vocabulary.length}`
  }
  switch (kind.kind) {
    case 'picture': {
      const colour = kind.channels === 1 ? 'grey ' : ''
      return kind.height === null || kind.width === null
        ? `${colour}pictures of any size`
        : `${colour}pictures of ${kind.width} × ${kind.height} pixels`
    }
    case 'tokens':
      return kind.length === null ? 'lists of token ids' : `lists of ${kind.length} token ids`
    case 'numbers':
      return kind.shape.length === 1
        ? `${kind.size ?? 'any number of'} numbers`
        : `arrays of ${formatShape(kind.shape)} numbers`
  }
}
