import { onTestFinished } from 'vitest'

type Updating = HTMLElement & { readonly updateComplete: Promise<boolean> }

/** Adds an element with these properties to the page, waits until it is drawn, and removes it after the test. */
export async function mounted<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
): Promise<HTMLElementTagNameMap[Tag]> {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  document.body.append(element)
  onTestFinished(() => {
    element.remove()
  })
  await (element as unknown as Updating).updateComplete
  return element
}

/** The elements of an element's own tree. */
export function within<Found extends Element = HTMLElement>(
  element: Element,
  selector: string,
): Found[] {
  return [...(element.shadowRoot?.querySelectorAll<Found>(selector) ?? [])]
}

/** The text of each, with single spaces. */
export function textsOf(element: Element, selector: string): string[] {
  return within(element, selector).map((found) => found.textContent.replace(/\s+/g, ' ').trim())
}
