import type { ComplexAttributeConverter } from 'lit'

/**
 * Reads names from an attribute: separated by commas, or as a JSON array if a name contains a
 * comma.
 */
export const namesConverter: ComplexAttributeConverter<readonly string[]> = {
  fromAttribute(text) {
    if (text === null || text.trim() === '') return []
    if (text.trimStart().startsWith('[')) {
      try {
        const names: unknown = JSON.parse(text)
        if (Array.isArray(names)) return names.map(String)
      } catch {
        // Not JSON: the bracket is part of a name.
      }
    }
    return text.split(',').map((name) => name.trim())
  },
}
