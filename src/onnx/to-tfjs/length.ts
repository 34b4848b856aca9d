/** An integer that may depend on the number of examples N: `perExample` · N + `fixed`. */
export interface Length {
  readonly perExample: number
  readonly fixed: number
}

export const fixedLength = (fixed: number): Length => ({ perExample: 0, fixed })

/** The number of examples. */
export const exampleCount: Length = { perExample: 1, fixed: 0 }

export const isFixed = ({ perExample }: Length): boolean => perExample === 0

export const isOne = (length: Length): boolean => isFixed(length) && length.fixed === 1

export const isEqual = (a: Length, b: Length): boolean =>
  a.perExample === b.perExample && a.fixed === b.fixed

export const isSameShape = (a: readonly Length[], b: readonly Length[]): boolean =>
  a.length === b.length && a.every((length, k) => isEqual(length, b[k]!))

export const add = (a: Length, b: Length): Length => ({
  perExample: a.perExample + b.perExample,
  fixed: a.fixed + b.fixed,
})

export const subtract = (a: Length, b: Length): Length => ({
  perExample: a.perExample - b.perExample,
  fixed: a.fixed - b.fixed,
})

/** Returns a · b; undefined if it contains N². */
export function multiply(a: Length, b: Length): Length | undefined {
  if (!isFixed(a) && !isFixed(b)) return undefined
  return {
    perExample: a.perExample * b.fixed + a.fixed * b.perExample,
    fixed: a.fixed * b.fixed,
  }
}

/** Returns a / b rounded towards zero, as ONNX divides integers; undefined if it isn't linear in N. */
export function divide(a: Length, b: Length): Length | undefined {
  if (isFixed(b)) {
    if (b.fixed === 0) return undefined
    if (isFixed(a)) return fixedLength(Math.trunc(a.fixed / b.fixed))
    const quotient = { perExample: a.perExample / b.fixed, fixed: a.fixed / b.fixed }
    return Number.isInteger(quotient.perExample) && Number.isInteger(quotient.fixed)
      ? quotient
      : undefined
  }
  const ratio = a.perExample / b.perExample
  return Number.isInteger(ratio) && a.fixed === ratio * b.fixed ? fixedLength(ratio) : undefined
}

/** Returns the number of elements; undefined if several axes depend on N. */
export function countElements(shape: readonly Length[]): Length | undefined {
  return shape.reduce<Length | undefined>(
    (product, length) => product && multiply(product, length),
    fixedLength(1),
  )
}

/**
 * Returns the sign of a for every N ≥ 1; undefined if it depends on N. The sign is 1 for what is positive or zero,
 * and -1 for what is negative or zero, only if it is never zero.
 */
export function signOf({ perExample, fixed }: Length): -1 | 0 | 1 | undefined {
  if (perExample === 0) return Math.sign(fixed) as -1 | 0 | 1
  const ofOne = Math.sign(perExample + fixed) as -1 | 0 | 1
  return ofOne !== 0 && ofOne === Math.sign(perExample) ? ofOne : undefined
}

export const describeShape = (shape: readonly Length[]): string =>
  `[${shape.map(describeLength).join(', ')}]`

function describeLength({ perExample, fixed }: Length): string {
  if (perExample === 0) return `${fixed}`
  const examples = perExample === 1 ? 'N' : `${perExample} · N`
  return fixed === 0 ? examples : `${examples} + ${fixed}`
}
