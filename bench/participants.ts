import type { Case } from './cases.js'
import type { Peer } from './peers.js'
import type { Contestant, Measured, Task } from './protocol.js'
import type { Setting } from './settings.js'

/** One column of the table: a participant and where it runs. */
export interface Participant {
  /** The name in the table and in the JSON. */
  readonly name: string
  /** The setting whose page it runs in. Null for a peer. */
  readonly setting: string | null
  /** Undefined if the participant doesn't run the task. */
  measure(task: Task): Promise<Measured | undefined>
}

export const contestantNames: Readonly<Record<Contestant, string>> = {
  ours: 'gradlens',
  loop: 'tfjs loop',
  limit: 'bare pass',
  passes: 'own passes',
}

export function pageParticipant({ name, page }: Setting, contestant: Contestant): Participant {
  return {
    name: contestantNames[contestant],
    setting: name,
    async measure(task) {
      await page.bringToFront()
      const what = [contestant, task] as const
      return page.evaluate((measured) => window.bench.measure(...measured), what)
    },
  }
}

export function peerParticipant(peer: Peer, folder: string, { exampleCount }: Case): Participant {
  return {
    name: peer.description.name,
    setting: null,
    async measure(task) {
      if (!peer.description.tasks.includes(task)) return undefined
      const ms = await peer.measure(folder, task)
      return { ms: task === 'fit' ? ms / exampleCount : ms }
    },
  }
}
