/**
 * A new object with its keys and values changed. Keys of inner objects are the user's, and stay.
 */
export function mapFields(
  fields: object,
  rename: (key: string) => string,
  change: (field: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [rename(key), change(field, key)]),
  )
}

export const toSnakeCase = (key: string): string =>
  key === 'x' ? 'X' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const toCamelCase = (key: string): string =>
  key === 'X' ? 'x' : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
