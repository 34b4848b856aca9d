export type Theme = 'light' | 'dark'

const query = matchMedia('(prefers-color-scheme: dark)')

export function currentTheme(): Theme {
  return query.matches ? 'dark' : 'light'
}

/** Calls back when the theme changes, because canvases do not follow CSS. */
export function onThemeChange(callback: () => void): void {
  query.addEventListener('change', callback)
}
