import type { sha256 } from '@noble/hashes/sha2.js'

/** A SHA-256 hash of bytes that come in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256
  /** The hash as 64 hexadecimal digits. More bytes may follow. */
  digestHex(): string
}

/** Starts a hash. The package that computes it is loaded on first use. */
export async function createSha256(): Promise<Sha256> {
  // The platform's own digest takes all bytes at once, and needs a secure context.
  const { sha256 } = await import('@noble/hashes/sha2.js')
  return new RunningHash(sha256.create())
}

class RunningHash implements Sha256 {
  readonly #hash: ReturnType<typeof sha256.create>

  constructor(hash: ReturnType<typeof sha256.create>) {
    this.#hash = hash
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    return this
  }

  digestHex(): string {
    const digest = this.#hash.clone().digest()
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}
