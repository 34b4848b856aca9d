export type Theme = 'light' | 'dark'

const query = matchMedia('(prefers-color-scheme: dark)')

export function currentTheme(): Theme {
  return query.matches ? 'dark' : 'light'
}

/** Calls back whenever the visitor's theme changes: canvases do not follow CSS by themselves. */
export function onThemeChange(callback: () => void): void {
  query.addEventListener('change', callback)
}
