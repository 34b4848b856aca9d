import { pathToFileURL } from 'node:url'
import type { ReportServer } from './report-server.js'

/** A report: its text, its file, and the server of the pages around it. */
export interface Report {
  readonly html: string
  readonly file: string
  readonly server: ReportServer
}

const escapeAttribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** The hashes of the scripts that the report's own policy allows. */
const scriptHashes = (html: string): string =>
  [...new Set(/script-src ([^;]+)/.exec(html)![1]!.match(/'sha256-[^']+'/g))].join(' ')

/** The places where reports compute, each with the address of its page. */
export const places: Readonly<Record<string, (report: Report) => string>> = {
  'a file': ({ file }) => pathToFileURL(file).href,
  'a server': ({ server, html }) => server.serve('plain', html),
  'a frame with sandbox="allow-scripts"': ({ server }) => server.embed('sandbox', 'allow-scripts'),
  'a srcdoc frame with sandbox="allow-scripts"': ({ server, html }) =>
    server.embed('srcdoc', 'allow-scripts', `srcdoc="${escapeAttribute(html)}"`),
  'a blob: frame with sandbox="allow-scripts"': ({ server }) =>
    server.serve(
      'blob',
      `<!doctype html><script>
        fetch('/report').then((answer) => answer.blob()).then((blob) => {
          const frame = document.createElement('iframe')
          frame.sandbox = 'allow-scripts'
          frame.width = 1000
          frame.height = 800
          frame.src = URL.createObjectURL(new Blob([blob], { type: 'text/html' }))
          document.body.append(frame)
        })
      </script>`,
    ),
  'a policy of inline scripts alone': ({ server, html }) =>
    server.serve('inline', html, {
      'content-security-policy':
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:",
    }),
  'a policy of hashed scripts alone': ({ server, html }) =>
    server.serve('hashed', html, {
      'content-security-policy': `default-src 'none'; script-src ${scriptHashes(html)}`,
    }),
  'a policy with Trusted Types': ({ server, html }) =>
    server.serve('trusted', html, {
      'content-security-policy': "require-trusted-types-for 'script'",
    }),
  'a policy with sandbox allow-scripts': ({ server, html }) =>
    server.serve('policy-sandbox', html, { 'content-security-policy': 'sandbox allow-scripts' }),
  'cross-origin isolation': ({ server, html }) =>
    server.serve('isolated', html, {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    }),
}

/** The places where no script runs. */
export const placesWithoutScripts: typeof places = {
  'a frame with an empty sandbox': ({ server }) => server.embed('no-scripts', ''),
  'a policy without scripts': ({ server, html }) =>
    server.serve('no-script-policy', html, {
      'content-security-policy': "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    }),
}
