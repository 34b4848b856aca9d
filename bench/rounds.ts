import { contestantNames, type Participant } from './participants.js'
import { tasks } from './protocol.js'
import type { Cell, Column, Ratio } from './report.js'
import { median } from './statistics.js'

/**
 * Runs all participants in turn, round by round, so that a slowdown of the computer affects all.
 */
export async function measureInRounds(
  participants: readonly Participant[],
  storedBytes: ReadonlyMap<Participant, number>,
  roundCount: number,
): Promise<Column[]> {
  const cells = participants.map((): Column['cells'] => ({}))
  for (let round = 0; round < roundCount; round++) {
    for (const task of tasks) {
      for (const [at, participant] of participants.entries()) {
        const measured = await participant.measure(task)
        if (measured !== undefined) {
          const before: readonly number[] = cells[at]?.[task]?.rounds ?? []
          const rounds = [...before, measured.ms]
          cells[at] = { ...cells[at], [task]: createCell(rounds, measured.remark) }
        }
      }
    }
  }
  return participants.map((participant, at) => ({
    name: participant.name,
    setting: participant.setting,
    storedBytesPerExample: storedBytes.get(participant) ?? null,
    cells: cells[at] ?? {},
  }))
}

/**
 * Compares each column with gradlens: peers with every setting, others with gradlens in the same
 * page.
 */
export function ratiosOf(columns: readonly Column[]): Ratio[] {
  const ours = columns.filter(({ name }) => name === contestantNames.ours)
  return ours.flatMap((our) =>
    columns
      .filter(({ name, setting }) => name !== our.name && (setting ?? our.setting) === our.setting)
      .flatMap((other) => {
        const base = { setting: our.setting ?? '', other: other.name }
        const times = tasks.flatMap((what): Ratio[] => {
          const [mine, theirs] = [our.cells[what], other.cells[what]]
          if (mine === undefined || theirs === undefined) return []
          const perRound = theirs.rounds.map((ms, round) => ms / (mine.rounds[round] ?? NaN))
          return [{ ...base, what, median: median(perRound) }]
        })
        if (our.storedBytesPerExample === null || other.storedBytesPerExample === null) return times
        const bytes = other.storedBytesPerExample / our.storedBytesPerExample
        return [...times, { ...base, what: 'storedBytes' as const, median: bytes }]
      }),
  )
}

function createCell(rounds: readonly number[], remark: string | undefined): Cell {
  return { median: median(rounds), rounds, ...(remark === undefined ? {} : { remark }) }
}
