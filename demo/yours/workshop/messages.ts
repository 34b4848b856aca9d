/** What the page asks of the worker, and what it answers. */
export type ToWorkshop =
  | {
      readonly kind: 'call'
      readonly id: number
      readonly method: string
      readonly arguments: readonly unknown[]
    }
  | { readonly kind: 'abort'; readonly id: number }

export type FromWorkshop =
  | {
      readonly kind: 'progress'
      readonly id: number
      readonly done: number
      readonly total: number
    }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failure'
      readonly id: number
      readonly name: string
      readonly message: string
    }

/** What each method of the workshop gets after its arguments. */
export interface WorkOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}
