/** One class or value per example, as files have them. */
export type RawLabels =
  | { readonly kind: 'none' }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  /** Numbers, `width` of them for each example. */
  | { readonly kind: 'numbers'; readonly data: ArrayLike<number>; readonly width: number }

export interface PictureFile {
  readonly path: string
  readonly blob: Blob
  /** The name of its folder; undefined at the top. */
  readonly folder: string | undefined
}

export type Column = { readonly name: string } & (
  | { readonly kind: 'number'; readonly cells: Float64Array }
  | { readonly kind: 'text'; readonly cells: readonly string[] }
  /** Lists of numbers, all of one length. */
  | {
      readonly kind: 'list'
      readonly cells: readonly (readonly number[])[]
      readonly width: number
    }
)

export interface Table {
  readonly columns: readonly Column[]
  readonly rowCount: number
}

/** An array as .npy files have them. */
export interface RawArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** The examples that were dropped, before they fit a model. */
export type DataSet =
  | { readonly kind: 'pictures'; readonly pictures: readonly PictureFile[] }
  | { readonly kind: 'table'; readonly table: Table; readonly source: string }
  | { readonly kind: 'arrays'; readonly x: RawArray; readonly labels: RawLabels }
