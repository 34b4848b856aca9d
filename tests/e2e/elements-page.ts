import type { Page } from 'playwright'
import type {} from '../../src/elements/define.js'
import type { ShownElement } from '../support/elements/element-states.js'

/** Scripts and styles of its own origin alone: no inline script, no style attribute, no data: address. */
export const strictPages: Readonly<Record<string, string>> = {
  '/elements.html': `<!doctype html>
<html lang="en">
  <head>
    <title>Elements</title>
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'self'" />
    <link rel="stylesheet" href="/elements.css" />
    <script type="module" src="/dist/elements.global.js"></script>
  </head>
  <body><main></main></body>
</html>`,
  '/favicon.ico': '',
  '/elements.css': `:root { color-scheme: light dark; }
body { background: light-dark(#ffffff, #131317); font-family: system-ui, sans-serif; margin: 0; padding: 16px; }
h2 { color: light-dark(#47474f, #b6b6c1); font-size: 13px; margin: 32px 0 12px; }
main { display: grid; gap: 0 48px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); }
section { min-width: 0; }`,
}

/** Puts the elements on the page, each below its title, and waits until they are drawn. */
export async function show(page: Page, elements: readonly ShownElement[]): Promise<void> {
  await page.evaluate(async (all) => {
    await customElements.whenDefined('gl-probabilities')
    const main = document.querySelector('main')
    for (const { title, tag, properties, isWaiting } of all) {
      const section = document.createElement('section')
      const heading = document.createElement('h2')
      heading.textContent = title
      const element = document.createElement(tag as 'gl-probabilities')
      Object.assign(element, properties)
      section.append(heading, element)
      main?.append(section)
      await element.updateComplete
      if (isWaiting) element.explanation = new Promise(() => undefined)
      await element.updateComplete
    }
  }, elements)
}
