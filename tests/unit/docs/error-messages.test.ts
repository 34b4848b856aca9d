import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { listErrorMessages, type ErrorMessage } from '../../../scripts/docs/error-messages.mjs'
import { createErrorPage } from '../../../scripts/docs/error-page.mjs'

let messages: readonly ErrorMessage[]

beforeAll(() => {
  messages = listErrorMessages()
}, 60_000)

/** They pass on messages of other places: across threads, of Node's parser, of a request, of a list, of a loss. */
const passOn = [
  'cli/arguments.ts',
  'compute/wasm/pool/messages.ts',
  'compute/wasm/pool/worker.ts',
  'influence/name-question-loss.ts',
  'store/bytes/http-request.ts',
  'tfjs/models/layers/layers-model.ts',
  'tfjs/session/passes.ts',
]

/** The words of a message that are always there. */
const wordsOf = (message: string): readonly string[] => message.match(/[\p{L}\d]{2,}/gu) ?? []

it('finds a text to search for at every place that creates an error', () => {
  const placeOf = ({ file, line }: ErrorMessage): string => `${file}:${line}`
  const clear = messages.filter(({ message }) => wordsOf(message).length >= 2)
  const clearPlaces = new Set(clear.map(placeOf))
  const unclear = messages.filter(
    (each) => !clearPlaces.has(placeOf(each)) && !passOn.includes(each.file),
  )
  expect(unclear.map((each) => `${placeOf(each)} ${each.message}`)).toEqual([])
})

it('lists every message on the page of the errors', () => {
  const page = plain(createErrorPage(messages))
  // Only the argument at the start is joined with those of other messages.
  const missing = messages.filter(({ message }) => {
    const [, rest = message] = /^[\w.…[\]]+(: .+)$/s.exec(message) ?? []
    return /\p{L}{3}/u.test(message) && !page.includes(rest)
  })
  expect(missing.filter(({ error }) => error !== 'TypeError')).toEqual([])
})

const plain = (markdown: string): string =>
  markdown
    .replaceAll(/\\([\\`*_[\]])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replaceAll('&#123;', '{')

const guide = readFileSync('docs/reference/troubleshooting.md', 'utf8')
const quoted = [...guide.matchAll(/^> (.+)$/gm)].map(([, message]) => message!.replaceAll('`', ''))

it.each(quoted)('explains a message that exists: %s', (message) => {
  const pattern = message
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')
  const found = messages.some((each) => new RegExp(pattern, 's').test(each.message))
  expect(found, 'No error or warning in src/ has this text.').toBe(true)
})

it('explains errors of every class', () => {
  const explained = (error: string): boolean =>
    messages.some((each) => each.error === error && quoted.some((text) => overlaps(text, each)))
  const classes = new Set(messages.map(({ error }) => error))
  const internal = ['DisposedError', 'ModelChangedError', 'UsageError', 'Error', 'TypeError']
  for (const error of classes)
    if (!internal.includes(error)) expect(explained(error), error).toBe(true)
})

const overlaps = (text: string, { message }: ErrorMessage): boolean =>
  text.split('…').every((part) => message.includes(part.trim()))
