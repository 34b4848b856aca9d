import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import { assertInline, readKit } from '../read-kit.js'

/** The script of live reports. */
export interface LiveKit {
  readonly text: string
  /** The hash of the code that it unpacks, as a content security policy names it. */
  readonly codeHash: string
}

const liveKitName = 'live.global.js'

/** The first line of the script, which the build writes. */
const head = /^\/\*! gradlens \S+, code (?<hash>sha256-[A-Za-z0-9+/=]+) \*\/\n/

/** @throws InvalidArgumentError if it isn't the script of live reports, or can't be read */
export async function readLiveKit(given: string | undefined): Promise<LiveKit> {
  const text = (given ?? (await readKit(liveKitName, 'liveKit'))).trim()
  assertInline(text, liveKitName, 'liveKit')
  const codeHash = head.exec(text)?.groups?.['hash']
  if (codeHash !== undefined) return { text, codeHash }
  const got = describe(text.slice(0, 40))
  throw new InvalidArgumentError('liveKit', got, `${liveKitName} of gradlens`)
}
