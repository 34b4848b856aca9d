/**
 * SHA-256 (FIPS 180-4) of bytes that come in pieces. The platform's own digest takes them in one piece only, and is
 * not there at all on a page that was not loaded over https.
 */
export class Sha256 {
  readonly #state = Int32Array.from(initialState)
  readonly #block = new Uint8Array(64)
  readonly #schedule = new Int32Array(64)
  #filled = 0
  #byteLength = 0

  update(bytes: Uint8Array): this {
    this.#byteLength += bytes.length
    let at = 0
    while (at < bytes.length) {
      const count = Math.min(64 - this.#filled, bytes.length - at)
      this.#block.set(bytes.subarray(at, at + count), this.#filled)
      this.#filled += count
      at += count
      if (this.#filled < 64) break
      this.#compress()
      this.#filled = 0
    }
    return this
  }

  /** The digest in hexadecimal digits. Nothing can be added afterwards. */
  digest(): string {
    const bitLength = this.#byteLength * 8
    const length = new DataView(new ArrayBuffer(8))
    length.setUint32(0, Math.floor(bitLength / 2 ** 32))
    length.setUint32(4, bitLength >>> 0)
    const zeros = (119 - (this.#byteLength % 64)) % 64
    this.update(Uint8Array.of(0x80, ...new Uint8Array(zeros)))
    this.update(new Uint8Array(length.buffer))
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #compress(): void {
    const state = this.#state
    const w = this.#schedule
    const view = new DataView(this.#block.buffer)
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(4 * t)
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15]!
      const y = w[t - 2]!
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
      w[t] = w[t - 16]! + s0 + w[t - 7]! + s1
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    let f = state[5]!
    let g = state[6]!
    let h = state[7]!
    for (let t = 0; t < 64; t++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t]! + w[t]!) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
    state[5]! += f
    state[6]! += g
    state[7]! += h
  }
}

const rotate = (word: number, count: number): number => (word >>> count) | (word << (32 - count))

const primes: number[] = []
for (let candidate = 2; primes.length < 64; candidate++) {
  if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
}

/** The first 32 bits of a number's fraction. */
const fractionBits = (value: number): number => ((value % 1) * 2 ** 32) | 0

/** Of the square roots of the first eight primes. */
const initialState = primes.slice(0, 8).map((prime) => fractionBits(Math.sqrt(prime)))
/** Of the cube roots of the first 64 primes. */
const roundConstants = Int32Array.from(primes, (prime) => fractionBits(Math.cbrt(prime)))
