import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Task } from './protocol.js'

export interface PeerDescription {
  readonly name: string
  readonly versions: Readonly<Record<string, string>>
  readonly threads: number
  readonly tasks: readonly Task[]
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
}

type Answer = Record<string, unknown> & { readonly error?: string }

/** A Python process that answers one request at a time. */
export class Peer {
  static async start(python: string, script: string): Promise<Peer> {
    const peer = new Peer(python, script)
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

  private constructor(python: string, script: string) {
    const file = fileURLToPath(new URL(`peers/${script}`, import.meta.url))
    // A BLAS kernel chosen by environment variables would not be the peer's own speed.
    const env = { ...process.env, OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined }
    this.#child = spawn(python, [file], { env, stdio: ['pipe', 'pipe', 'pipe'] })
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
  async measure(folder: string, task: Task): Promise<number> {
    return (await this.#ask({ command: 'measure', case: folder, task }))['ms'] as number
  }

  async storedBytesPerExample(folder: string): Promise<number> {
    return (await this.#ask({ command: 'storedBytes', case: folder }))['bytes'] as number
  }

  async check(folder: string): Promise<readonly Agreement[]> {
    const { agreement } = await this.#ask({ command: 'check', case: folder })
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
