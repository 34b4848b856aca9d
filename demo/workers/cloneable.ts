import type { ExplanationParts } from './protocol.js'

/** An explanation as a message: a view would take along all of the buffer that it looks into, wasm's memory even. */
export function cloneable({
  meta,
  data,
}: {
  readonly meta: object
  readonly data: object
}): ExplanationParts {
  return { meta: copied(meta) as object, data: copied(data) as object }
}

function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Float32Array).slice()
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value === 'function') return value.name
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copied(field)]))
}
