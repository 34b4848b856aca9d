import { InvalidArgumentError } from '../errors.js'
import { describe } from '../options.js'

/**
 * The text of a script of this package, which is next to this module.
 *
 * @param option the option that replaces it
 * @throws InvalidArgumentError if the file can't be read
 */
export async function readKit(name: string, option: string): Promise<string> {
  const url = new URL(name, import.meta.url)
  const expected = `the text of gradlens's ${name}, in the option '${option}', since the file is not at ${url.href}`
  try {
    if (url.protocol === 'file:') {
      // Not a literal, because pages have no such module and are checked without Node's types.
      const module = ['node:fs', 'promises'].join('/')
      const { readFile } = (await import(/* @vite-ignore */ module)) as {
        readFile: (url: URL, encoding: string) => Promise<string>
      }
      return await readFile(url, 'utf8')
    }
    const response = await fetch(url)
    if (response.ok) return await response.text()
  } catch (cause) {
    throw new InvalidArgumentError(option, describe(undefined), expected, { cause })
  }
  throw new InvalidArgumentError(option, describe(undefined), expected)
}

/** @throws InvalidArgumentError if a script element would end within the text */
export function assertInline(kit: string, name: string, option: string): void {
  const found = /<\/script|<!--/i.exec(kit)?.[0]
  if (found === undefined) return
  throw new InvalidArgumentError(option, `a script with '${found}'`, `${name} of gradlens`)
}
