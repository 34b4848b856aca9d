import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const at = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** The builds of Lit that can also be imported where there is no DOM, and what they extend there. */
const builds: Readonly<Record<string, string>> = {
  'lit-html': at('node_modules/lit-html/node/lit-html.js'),
  '@lit/reactive-element': at('node_modules/@lit/reactive-element/node/reactive-element.js'),
  '@lit-labs/ssr-dom-shim': at('scripts/build/missing-dom.ts'),
}

const files = /\/(?:lit-html\/node\/lit-html|node\/reactive-element|lit-element\/lit-element)\.js$/
/** How each of them lists its version, so that its development build can warn about a second copy. */
const listing = /\(\w+\.(?:litHtml|reactiveElement|litElement)Versions\?\?=\[\]\)\.push\("[^"]+"\)/

/**
 * Makes Lit a part of the elements. Imported as a package, a bundler would choose its development
 * build for our users' development, which prints warnings. The copy exchanges nothing with another
 * copy of Lit in the page, so it is not listed as one that may conflict.
 */
export function bundledLit(): Plugin {
  return {
    name: 'bundled-lit',
    enforce: 'pre',
    resolveId: {
      filter: { id: Object.keys(builds).map((name) => new RegExp(`^${name}$`)) },
      handler: (source) => builds[source],
    },
    transform: {
      filter: { id: files },
      handler(code) {
        if (!listing.test(code)) this.error('This version of Lit lists its version differently.')
        return { code: code.replace(listing, '0'), map: null }
      },
    },
  }
}
