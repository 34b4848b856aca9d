import { StoreError } from '../../../errors.js'
import type { JsonReader } from './json-reader.js'
import { createSha256 } from './sha256.js'

/** Adds the field `hash`: the SHA-256 of all other fields, whatever their order and white space. */
export async function sealObject<Fields extends object>(
  fields: Fields,
): Promise<Fields & { readonly hash: string }> {
  return { ...fields, hash: await hashJson(fields) }
}

/**
 * Checks an object that `sealObject` made.
 *
 * @throws StoreError with failure `'damaged'` if any of its fields was changed, added or removed
 */
export async function checkSeal(json: JsonReader): Promise<void> {
  const stored = json.get('hash').toText()
  const fields = Object.entries(json.value as object).filter(([name]) => name !== 'hash')
  let actual
  try {
    actual = await hashJson(Object.fromEntries(fields))
  } catch (cause) {
    // The only failure is a call stack that is too small for the depth of the value.
    throw new StoreError('damaged', `${json.describePlace()} of the store is nested too deeply.`, {
      cause,
    })
  }
  if (actual === stored) return
  throw new StoreError(
    'damaged',
    `${json.describePlace()} of the store was changed after it was written: its fields have the hash ` +
      `${actual}; expected ${stored}. Restore the file, or write the store again.`,
  )
}

async function hashJson(value: unknown): Promise<string> {
  const hash = await createSha256()
  const bytes = new TextEncoder().encode(JSON.stringify(sortKeys(value)))
  return `sha256:${hash.update(bytes).digestHex()}`
}

/** The value with the keys of all objects in alphabetical order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    sortKeys(item),
  ])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
