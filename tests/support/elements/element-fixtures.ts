import type { ExplanationJson } from '../../../src/explanation.js'

/** A 10-class answer about one example, as integrated gradients carry it. */
export const digitAnswer = [0.004, 0.001, 0.02, 0.21, 0.0004, 0.1, 0.001, 0.003, 0.6106, 0.05]

/** The JSON of an attribution in alibi's schema, to one output of one example. */
export function attributionJson({
  x,
  attributions,
  predictions = [digitAnswer],
  target = [8],
}: {
  readonly x: unknown
  readonly attributions: unknown
  readonly predictions?: unknown
  readonly target?: unknown
}): ExplanationJson {
  return {
    meta: {
      name: 'IntegratedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: { method: 'gausslegendre', n_steps: 50, layer: null },
      version: '0.9.4',
    },
    data: {
      attributions,
      X: x,
      forward_kwargs: [],
      baselines: null,
      predictions,
      deltas: [0.001],
      target,
    },
  }
}

const side = 28

/** An 8 of 28 × 28 pixels, 0 … 1. Its right side counts for it, the lower left stroke against it. */
export function digitExplanation(): ExplanationJson {
  const ring = (row: number, column: number, middle: number, radius: number): number => {
    const distance = Math.hypot((column - 13.5) * 1.15, row - middle)
    return Math.max(0, 1 - Math.abs(distance - radius) / 1.9)
  }
  const pixels = Array.from({ length: side }, (_, row) =>
    Array.from({ length: side }, (_, column) => [
      Math.max(ring(row, column, 8.5, 4.2), ring(row, column, 18.5, 5.4)),
    ]),
  )
  const attributions = pixels.map((cells, row) =>
    cells.map(([ink = 0], column) => {
      const against = row > 15 && column < 12 ? -0.8 : 1
      const edge = Math.sin(row * 0.9 + column * 0.7) * 0.35
      return [0.02 * ink * (against + edge)]
    }),
  )
  return attributionJson({ x: [pixels], attributions: [[attributions]] })
}

export const reviewTokens = [
  ...'A slow start , but the second half is moving and wonderfully acted ; I only'.split(' '),
  ...'wish the ending were less dull .'.split(' '),
]

/** A review with attributions at its embedding of three numbers, after two positions of padding. */
export function reviewExplanation(): ExplanationJson {
  const weights: Readonly<Record<string, number>> = {
    slow: -0.11,
    moving: 0.31,
    wonderfully: 0.24,
    acted: 0.06,
    wish: -0.05,
    ending: -0.02,
    less: 0.04,
    dull: -0.22,
    but: 0.03,
  }
  const tokens = ['', '', ...reviewTokens]
  return attributionJson({
    x: [tokens.map((_, i) => (i < 2 ? 0 : i + 10))],
    attributions: [
      [tokens.map((token) => [0.5, 0.3, 0.2].map((share) => share * (weights[token] ?? 0.004)))],
    ],
    predictions: [[0.18, 0.82]],
    target: [1],
  })
}

export const carFeatures = [
  'cylinders',
  'displacement',
  'horsepower',
  'weight',
  'acceleration',
  'model year',
  'origin: Europe',
]

/** A car of 1978, with the fuel economy that a regression predicts. */
export function carExplanation(): ExplanationJson {
  return attributionJson({
    x: [[8, 307, 130, 3504, 12, 78, 0]],
    attributions: [[[-0.6, -1.42, -0.9, -3.18, 0.12, 2.14, 0]]],
    predictions: [[17.4]],
    target: null,
  })
}

export const weatherFeatures = ['temperature, °C', 'pressure, hPa', 'humidity, %']

/** Two days of weather by the hour, [48, 3], from which a model predicts rain. */
export function weatherExplanation(): ExplanationJson {
  const hours = Array.from({ length: 48 }, (_, hour) => hour)
  const x = hours.map((hour) => [
    12 + 6 * Math.sin(((hour - 8) / 24) * 2 * Math.PI),
    1013 - 0.3 * hour,
    70 - 15 * Math.sin(((hour - 8) / 24) * 2 * Math.PI),
  ])
  const attributions = hours.map((hour) => [
    -0.02 * Math.exp(-(((hour - 14) / 6) ** 2)),
    0.08 * Math.exp(-(((hour - 40) / 5) ** 2)),
    0.03 * Math.cos(hour / 4) * (hour > 24 ? 1 : 0.2),
  ])
  return attributionJson({
    x: [x],
    attributions: [[attributions]],
    predictions: [[0.2, 0.8]],
    target: [1],
  })
}

/** An image of 2 × 2 pixels and a row of three features, both attributed. */
export function severalInputsExplanation(): ExplanationJson {
  const { meta, data } = attributionJson({
    x: [
      [
        [
          [0, 1],
          [0.5, 0],
        ],
      ],
      [[1, 2, 3]],
    ],
    attributions: [
      [
        [
          [0, 0.5],
          [-0.2, 0],
        ],
      ],
      [[0.1, -0.3, 0.2]],
    ],
    target: [1],
  })
  return { meta, data: { ...data, attribution_names: ['picture', 'facts'] } }
}
