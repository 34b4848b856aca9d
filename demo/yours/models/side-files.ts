import type { TextFacts } from './model-facts.js'
import { baseName, FileError, readJson, type NamedFile } from '../files/named-file.js'

/** What files beside a model say about its classes and its pictures. */
export interface SideFacts {
  readonly classNames: readonly string[]
  /** Whether metadata.json is one of Teachable Machine. */
  readonly isTeachable: boolean
}

/**
 * Reads metadata.json as Teachable Machine writes it, labels.txt with one name a line, and
 * classes.json with a list of names.
 */
export async function readSideFiles(files: readonly NamedFile[]): Promise<SideFacts> {
  const find = (name: string): NamedFile | undefined =>
    files.find(({ path }) => baseName(path).toLowerCase() === name)
  const metadata = find('metadata.json')
  if (metadata !== undefined) {
    const read = (await readJson(metadata)) as { labels?: unknown; packageName?: unknown }
    const { labels, packageName } = read
    if (labels !== undefined) {
      return {
        classNames: readNames('metadata.json', labels),
        isTeachable:
          typeof packageName === 'string' && packageName.startsWith('@teachablemachine/image'),
      }
    }
  }
  return { classNames: await readClassNames(files), isTeachable: false }
}

/** The names of classes in labels.txt or classes.json; empty without such a file. */
export async function readClassNames(files: readonly NamedFile[]): Promise<readonly string[]> {
  for (const file of files) {
    const name = baseName(file.path).toLowerCase()
    if (name === 'classes.json' || name === 'labels.json') {
      return readNames(name, await readJson(file))
    }
    if (name === 'labels.txt' || name === 'classes.txt') {
      const lines = (await file.blob.text()).trimEnd().split(/\r?\n/)
      // Teachable Machine numbers the lines of labels.txt: '0 cat'.
      const isNumbered = lines.every((line, index) => line.startsWith(`${index} `))
      return lines.map((line) => (isNumbered ? line.slice(line.indexOf(' ') + 1) : line).trim())
    }
  }
  return []
}

/** A vocabulary.txt, one token a line; undefined without such a file. */
export async function readVocabulary(files: readonly NamedFile[]): Promise<TextFacts | undefined> {
  const file = files.find(({ path }) => /^vocab(?:ulary)?\.txt$/i.test(baseName(path)))
  if (file === undefined) return undefined
  const vocabulary = (await file.blob.text()).replace(/\r?\n$/, '').split(/\r?\n/)
  return {
    vocabulary,
    length: null,
    standardize: 'lower_and_strip_punctuation',
    source: baseName(file.path),
  }
}

function readNames(file: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  throw new FileError(
    `${file} has no list of class names. Expected ["first class", "second class"].`,
  )
}
