import type { Attribute, Attributes } from './onnx-model.js'

/** An attribute, or its value: a number (an integer), a list of integers or a string. */
export type AttributeInput = Attribute | number | readonly number[] | string

/** Attributes as they are written in code; those that are undefined are left out. */
export type AttributeInputs = Readonly<Record<string, AttributeInput | undefined>>

/** A float attribute; a plain number is an integer. */
export const float = (value: number): Attribute => ({ kind: 'float', value })

export function toAttributes(given: AttributeInputs): Attributes {
  const attributes: Record<string, Attribute> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) attributes[name] = toAttribute(value)
  }
  return attributes
}

function toAttribute(value: AttributeInput): Attribute {
  if (typeof value === 'number') return { kind: 'int', value }
  if (typeof value === 'string') return { kind: 'string', value }
  return 'kind' in value ? value : { kind: 'ints', value }
}

interface WithAttributes {
  readonly attributes: Attributes
}

/** Returns an integer attribute, or the default. */
export function readInt({ attributes }: WithAttributes, name: string, otherwise: number): number {
  const attribute = attributes[name]
  return attribute?.kind === 'int' ? attribute.value : otherwise
}

export function readFloat({ attributes }: WithAttributes, name: string, otherwise: number): number {
  const attribute = attributes[name]
  return attribute?.kind === 'float' ? attribute.value : otherwise
}

export function readString(
  { attributes }: WithAttributes,
  name: string,
  otherwise: string,
): string {
  const attribute = attributes[name]
  return attribute?.kind === 'string' ? attribute.value : otherwise
}

/** Returns a list of integers; undefined if the node doesn't have it. */
export function readInts(
  { attributes }: WithAttributes,
  name: string,
): readonly number[] | undefined {
  const attribute = attributes[name]
  return attribute?.kind === 'ints' ? attribute.value : undefined
}
