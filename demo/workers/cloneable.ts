import type { ExplanationParts } from './protocol.js'

/**
 * Copies an explanation for a message. A view would transfer its whole buffer, which may be all of
 * wasm's memory.
 */
export function toCloneable({
  meta,
  data,
}: {
  readonly meta: object
  readonly data: object
}): ExplanationParts {
  return { meta: copy(meta) as object, data: copy(data) as object }
}

function copy(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Float32Array).slice()
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value === 'function') return value.name
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copy(field)]))
}
