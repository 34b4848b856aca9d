import { explainFailedImport } from './failed-import.js'

/**
 * Returns a function that imports a module when it is first called, and the module itself from then
 * on: an import() of a loaded module still costs a task. A failed import is tried again.
 */
export function lazyModule<Module>(load: () => Promise<Module>): () => Promise<Module> | Module {
  let loaded: Module | undefined
  return () => loaded ?? load().then((module) => (loaded = module), explainFailedImport)
}
