import type { Page } from 'playwright'
import { expect } from 'vitest'

/** Waits until no page or worker writes to a store. Those of a closed page end some time after it. */
export async function waitUntilUnlocked(page: Page): Promise<void> {
  const countLocks = async (): Promise<number> => (await navigator.locks.query()).held?.length ?? 0
  await expect.poll(() => page.evaluate(countLocks)).toBe(0)
}
