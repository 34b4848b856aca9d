import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }

/** The declarations of an entry and all that they import, as text. */
function readDeclarations(entry: string, texts = new Map<string, string>()): string[] {
  if (texts.has(entry)) return []
  const text = readFileSync(entry, 'utf8')
  texts.set(entry, text)
  for (const [, source = ''] of text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)) {
    const file = path.join(path.dirname(entry), source.replace(/\.js$/, '.d.ts'))
    if (existsSync(file)) readDeclarations(file, texts)
  }
  return [...texts.values()]
}

const entries = Object.values(packageJson.exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [entry.types],
)

it.each([...new Set(entries)])('references the library that %s needs for `using`', (entry) => {
  if (!existsSync(entry)) throw new Error('The build is missing: run `npm run build`.')
  const texts = readDeclarations(entry)
  const isDisposable = texts.some((text) => /\bDisposable\b|Symbol\.dispose/.test(text))
  const bringsLibrary = texts.some((text) => text.includes('<reference lib="esnext.disposable"'))
  expect(bringsLibrary).toBe(isDisposable)
})
