import type { Place } from '../../large/protocol.js'
import { wasmHeapBytes } from './load.js'
import { LongestTask } from './longest-task.js'
import { OpenCase } from './open-case.js'

let opened: { readonly place: Place; readonly case: OpenCase } | undefined
const longestTask = new LongestTask()

function getOpened(): NonNullable<typeof opened> {
  if (opened === undefined) throw new Error('Open a model first.')
  return opened
}

window.large = {
  async open(folder, description, place) {
    opened = { place, case: await OpenCase.open(folder, description, place) }
    longestTask.reset()
    const start = performance.now()
    await opened.case.fit(typeof place === 'number' ? place : 1)
    return performance.now() - start
  },
  measure: (task) => getOpened().case.measure(task),
  results: () => getOpened().case.results(),
  storedBytesPerExample: () => getOpened().case.storedBytesPerExample,
  heapBytes: () => (getOpened().place === 'page' ? wasmHeapBytes() : null),
  longestTaskMs: () => longestTask.ms,
}
