import { listErrorMessages } from './error-messages.mjs'

/** @typedef {import('./error-messages.mjs').ErrorMessage} ErrorMessage */

/** The classes in the order of the page, with what each means. */
const classes = [
  ['InvalidArgumentError', 'An argument or an option is wrong. Nothing was computed or changed.'],
  ['UnsupportedError', 'The model, an operation or a combination can’t be explained exactly.'],
  ['DeviceError', 'A device or a worker can’t be used, or was lost.'],
  ['MemoryError', 'A device or JavaScript is out of memory. A smaller batch may fit.'],
  ['NonFiniteError', 'A number is NaN or infinite.'],
  ['StoreError', 'A store of gradients can’t be read or written.'],
  ['NotFittedError', '`explain` was called before `fit`.'],
  ['ModelChangedError', 'The model changed during a call.'],
  ['DisposedError', 'Something was used after `dispose()`.'],
  ['GradlensError', 'The base class of all errors.'],
  ['UsageError', 'A wrong command line of `npx gradlens`.'],
  ['Error', 'Errors of the elements, and causes of other errors.'],
  ['warning', 'Warnings on the console. Each is shown once.'],
]

/**
 * The page that lists every message of the library, for the search of the site.
 *
 * @param {readonly ErrorMessage[]} all
 */
export function createErrorPage(all = listErrorMessages()) {
  const messages = all.filter(
    ({ error, message }) => error !== 'TypeError' && /\p{L}{3}/u.test(message),
  )
  return [
    '---',
    'outline: 2',
    '---',
    '',
    '# Error messages',
    '',
    'This page lists every message of gradlens, by class and module. To find yours, search for a few of its words, with the',
    'search at the top or with Ctrl+F. `…` stands for a value of your call.',
    '[Troubleshooting](troubleshooting.md) explains the most common messages.',
    ...classes.flatMap(([error = '', meaning = '']) => {
      const ofClass = messages.filter((message) => message.error === error)
      return ofClass.length === 0 ? [] : sectionOf(error, meaning, ofClass)
    }),
    '',
  ].join('\n')
}

/** @param {string} error @param {string} meaning @param {readonly ErrorMessage[]} messages */
function sectionOf(error, meaning, messages) {
  const title = error === 'warning' ? 'Warnings' : error
  const files = [...new Set(messages.map(({ file }) => file))]
  return [
    '',
    `## ${title}`,
    '',
    meaning,
    ...files.flatMap((file) => {
      const texts = messages.filter((message) => message.file === file)
      return ['', `### ${titleOf(file)}`, '', ...merge(texts).map((text) => `- ${text}`)]
    }),
  ]
}

/** Such as `Store: http body` for store/bytes/http-body.ts. @param {string} file */
function titleOf(file) {
  const [part = '', ...rest] = file.replace(/(?:\/index)?\.ts$/, '').split('/')
  const words = (rest.at(-1) ?? '').replaceAll('-', ' ')
  const name =
    part === 'tfjs' ? 'TensorFlow.js' : part === 'onnx' ? 'ONNX' : part.replaceAll('-', ' ')
  const capital = name.charAt(0).toUpperCase() + name.slice(1)
  return words === '' ? capital : `${capital}: ${words}`
}

/** Joins messages that differ only in the argument that they name. @param {readonly ErrorMessage[]} messages */
function merge(messages) {
  /** @type {Map<string, string[]>} */
  const heads = new Map()
  for (const { message } of messages) {
    const [, head = '', rest = message] = /^([\w.…[\]]+)(: .+)$/s.exec(message) ?? []
    heads.set(rest, [...(heads.get(rest) ?? []), head])
  }
  return [...heads].map(([rest, each]) => {
    const names = each.filter((head) => head !== '')
    const shown = names.length > 6 ? [...names.slice(0, 6), '…'] : names
    return escape(`${shown.join(', ')}${rest}`)
  })
}

/** Text as Markdown, without tags or templates of Vue. @param {string} text */
function escape(text) {
  return text
    .replaceAll(/[\\`*_[\]]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '&#123;&#123;')
}
