/** The one element that the selector means, which must be of that type. */
export function find<Type extends Element>(selector: string, type: new () => Type): Type {
  const found = document.querySelector(selector)
  if (found instanceof type) return found
  throw new Error(`The page has no ${type.name} at ${selector}.`)
}

/** All elements that the selector means, which must be of that type. */
export function findAll<Type extends Element>(selector: string, type: new () => Type): Type[] {
  return Array.from(document.querySelectorAll(selector), (found) => {
    if (found instanceof type) return found
    throw new Error(`The page has something else than ${type.name} at ${selector}.`)
  })
}

/** A new element with that class, text or children inside. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...content)
  return element
}

/** Sets the text where it differs: a live region that is given the same text again would be read again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Fills a select with the choices; the default is named as such. */
export function fillSelect(
  select: HTMLSelectElement,
  choices: readonly { readonly value: string; readonly label: string }[],
  defaultValue: string,
): void {
  select.replaceChildren(
    ...choices.map(({ value, label }) => {
      const option = create('option', '', value === defaultValue ? `${label} (default)` : label)
      option.value = value
      return option
    }),
  )
}
