/** Lets the arrow keys move within a radio group, which also picks the radio. */
export function addArrowKeys(group: HTMLElement): void {
  group.addEventListener('keydown', (event) => {
    const step = ['ArrowRight', 'ArrowDown'].includes(event.key)
      ? 1
      : ['ArrowLeft', 'ArrowUp'].includes(event.key)
        ? -1
        : 0
    if (step === 0) return
    event.preventDefault()
    const buttons = [...group.querySelectorAll('button')]
    const current = buttons.findIndex((button) => button === document.activeElement)
    const next = buttons[(current + step + buttons.length) % buttons.length]
    next?.focus()
    next?.click()
  })
}

/** Marks the picked radio. It becomes its group's tab stop; other groups use their first radio. */
export function markRadio(
  groups: readonly HTMLElement[],
  buttons: ReadonlyMap<number, HTMLButtonElement>,
  picked: number | undefined,
): void {
  for (const [index, button] of buttons) {
    button.setAttribute('aria-checked', String(index === picked))
    button.tabIndex = index === picked ? 0 : -1
  }
  for (const group of groups) {
    if (group.querySelector('[tabindex="0"]') !== null) continue
    group.querySelector('button')?.setAttribute('tabindex', '0')
  }
}
