import { createNumberFormat, formatDuration, formatFixed } from 'gradlens/elements'
import { create } from '../dom.js'
import type { Attribution } from '../explaining/results.js'

export interface QuadratureTable {
  show(attributions: readonly Attribution[]): void
}

const columns = ['Quadrature', 'sum', 'convergence delta', 'time'] as const

/** A table of the quadratures: the sum of the attributions, the error of the sum, and the time. */
export function createQuadratureTable(root: HTMLElement): QuadratureTable {
  const head = create('tr', '')
  for (const name of columns) {
    const cell = create('th', '', name)
    cell.scope = 'col'
    head.append(cell)
  }
  const body = create('tbody', '')
  root.replaceChildren(create('table', 'figures', create('thead', '', head), body))

  return {
    show(attributions): void {
      const format = createNumberFormat(attributions.map(({ delta }) => delta))
      body.replaceChildren(
        ...attributions.map(({ method, total, delta, durationMs }) => {
          const name = create('th', '', create('code', '', method))
          name.scope = 'row'
          const cells = [formatFixed(total, 4), format(delta), formatDuration(durationMs)]
          return create('tr', '', name, ...cells.map((text) => create('td', '', text)))
        }),
      )
    },
  }
}
