/** Pauses if there was no pause for a while. */
export type Rest = () => Promise<void> | undefined

/** Pauses after this time, so that the page can respond. */
const longestTaskMs = 12

export function createRest(pause: () => Promise<void>): Rest {
  let lastPause = performance.now()
  return () =>
    performance.now() - lastPause < longestTaskMs
      ? undefined
      : pause().then(() => {
          lastPause = performance.now()
        })
}
