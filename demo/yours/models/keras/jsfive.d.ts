/** The part of jsfive that is used here. It has no types of its own. */
declare module 'jsfive' {
  export class Group {
    readonly keys: readonly string[]
    /** The group or dataset at a path. @throws if there is none */
    get(path: string): Group | Dataset
  }
  export class Dataset {
    readonly shape: readonly number[]
    /** As in NumPy: '<f4'. */
    readonly dtype: string
    readonly value: ArrayLike<number>
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name: string)
  }
}
