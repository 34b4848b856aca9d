import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LargeTask } from './large/protocol.js'
import type { Task } from './protocol.js'

export interface PeerDescription {
  readonly name: string
  readonly versions: Readonly<Record<string, string>>
  readonly threads: number
  readonly tasks: readonly (Task | LargeTask)[]
  readonly blas?: string
}

/** A comparison of two programs' results for the same weights and data. */
export interface Agreement {
  readonly what: string
  /** The largest difference, relative to the largest value. */
  readonly error: number
  readonly tolerance: number
  readonly rankCorrelation: number
  readonly agrees: boolean
  /** The peer's own error in float32, if the comparison is with its float64. */
  readonly peerError?: number
}

type Answer = Record<string, unknown> & { readonly error?: string }

/** A Python process that answers one request at a time. */
export class Peer {
  static async start(python: string, script: string, ...rest: string[]): Promise<Peer> {
    const peer = new Peer(python, [script, ...rest])
    try {
      peer.#description = (await peer.#ask({ command: 'describe' })) as unknown as PeerDescription
      return peer
    } catch (error) {
      peer.close()
      throw error
    }
  }

  readonly #child
  readonly #answers: AsyncIterator<string, undefined>
  readonly #ended: Promise<never>
  #complaint = ''
  #description: PeerDescription | undefined

  private constructor(python: string, [script = '', ...rest]: readonly string[]) {
    const file = fileURLToPath(new URL(`peers/${script}`, import.meta.url))
    // A BLAS kernel chosen by environment variables would not be the peer's own speed.
    const env = { ...process.env, OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined }
    this.#child = spawn(python, [file, ...rest], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2000)
    })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    const end = Promise.race([once(this.#child, 'exit'), once(this.#child, 'error')])
    this.#ended = end.then((reasons: unknown[]) => {
      throw new Error(`${python} ${script} ended (${String(reasons[0])}): ${this.#complaint}`)
    })
    this.#ended.catch(() => undefined)
  }

  get description(): PeerDescription {
    if (this.#description === undefined) throw new Error('The peer has not started.')
    return this.#description
  }

  /** Milliseconds. For `fit`, of all rows. */
  async measure(folder: string, task: Task | LargeTask): Promise<number> {
    return (await this.#ask({ command: 'measure', case: folder, task }))['ms'] as number
  }

  async storedBytesPerExample(folder: string): Promise<number> {
    return (await this.#ask({ command: 'storedBytes', case: folder }))['bytes'] as number
  }

  /** The peak of the process's resident size. */
  async peakMiB(): Promise<number> {
    return (await this.#ask({ command: 'peak' }))['mib'] as number
  }

  /** Whether the peer computes this case. */
  async supports(folder: string): Promise<boolean> {
    return (await this.#ask({ command: 'supports', case: folder }))['supports'] as boolean
  }

  /** @param results the file of gradlens's results */
  async check(folder: string, results = 'ours.json'): Promise<readonly Agreement[]> {
    const { agreement } = await this.#ask({ command: 'check', case: folder, results })
    return agreement as readonly Agreement[]
  }

  close(): void {
    this.#child.kill()
  }

  async #ask(request: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const line = await Promise.race([this.#answers.next(), this.#ended])
    const answer = JSON.parse(String(line.value)) as Answer
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }
}
