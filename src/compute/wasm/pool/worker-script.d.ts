declare module '*/worker.js?worker&inline' {
  /** From Vite: the script as a string, which runs from a blob, so that no further file has to be served. */
  export default class extends Worker {
    constructor(options?: WorkerOptions)
  }
}
