/**
 * The first element that matches the selector. @throws Error if it is missing or of another type
 */
export function find<Type extends Element>(selector: string, type: new () => Type): Type {
  const found = document.querySelector(selector)
  if (found instanceof type) return found
  throw new Error(`The page has no ${type.name} that matches ${selector}.`)
}

/** Creates an element with a class name and content. */
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

/**
 * Sets the text if it differs, because screen readers would read an unchanged live region again.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Fills a select with choices and marks the default. */
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
