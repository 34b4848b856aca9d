declare module '*/worker.js?worker&inline' {
  /** Vite's: the script bundled into a string, and run from a blob, so that no file has to be found beside the page. */
  export default class extends Worker {
    constructor(options?: WorkerOptions)
  }
}
