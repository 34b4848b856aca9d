import type { ComplexAttributeConverter } from 'lit'

/** Names in an attribute: separated by commas, or a JSON array where a name has a comma in it. */
export const namesConverter: ComplexAttributeConverter<readonly string[]> = {
  fromAttribute(text) {
    if (text === null || text.trim() === '') return []
    if (text.trimStart().startsWith('[')) {
      try {
        const names: unknown = JSON.parse(text)
        if (Array.isArray(names)) return names.map(String)
      } catch {
        // Then the bracket is part of a name.
      }
    }
    return text.split(',').map((name) => name.trim())
  },
}
