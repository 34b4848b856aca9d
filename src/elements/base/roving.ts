const steps: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
}

/**
 * Handles `keydown` for a group of items that is one tab stop: the arrow keys, Home and End move
 * the focus among the `[data-stop]` elements inside the listening element.
 */
export function moveFocus(event: KeyboardEvent): void {
  const step = steps[event.key]
  const { currentTarget, target } = event
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return
  const items = [...currentTarget.querySelectorAll<HTMLElement>('[data-stop]')]
  const at = items.indexOf(target)
  if (at < 0) return
  event.preventDefault()
  for (const item of items) item.tabIndex = -1
  const next = items[step(at, items.length)] ?? target
  next.tabIndex = 0
  next.focus()
}
