import { beforeEach } from 'vitest'
import { holdings, leaksSince } from './leaks.js'

// The test's own afterEach and onTestFinished run before this.
beforeEach(async ({ onTestFinished }) => {
  const before = await holdings()
  onTestFinished(async () => {
    const leaks = await leaksSince(before)
    if (leaks.length > 0) throw new Error(`The test left behind: ${leaks.join('; ')}.`)
  })
})
