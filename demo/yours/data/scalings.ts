/** What is done with pixels, 0 … 255, before a model takes them. */
export interface Scaling {
  readonly label: string
  /** Per channel, red first: (pixel − shift) / divisor. */
  readonly shift: readonly [number, number, number]
  readonly divisor: readonly [number, number, number]
}

const even = (value: number): [number, number, number] => [value, value, value]

export const scalings = {
  zeroToOne: { label: '0 to 1', shift: even(0), divisor: even(255) },
  signed: { label: '−1 to 1', shift: even(127.5), divisor: even(127.5) },
  teachable: { label: '−1 to 1 (value / 127 − 1)', shift: even(127), divisor: even(127) },
  bytes: { label: '0 to 255', shift: even(0), divisor: even(1) },
  imagenet: {
    label: 'ImageNet mean and deviation',
    shift: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    divisor: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
} as const satisfies Readonly<Record<string, Scaling>>

export type ScalingName = keyof typeof scalings

/** The scalings that visitors choose from. The others come with a model's file. */
export const offeredScalings: readonly ScalingName[] = ['zeroToOne', 'signed', 'bytes', 'imagenet']
