/**
 * Serves a folder, and stores of any number of rows that repeat the chunks of a small store. The
 * small store is put to /base/NAME/KEY, and longer ones are served at /store/NAME/ROWS/. Nothing is
 * written to disk. The server prints its port, and then each body posted to /result as a line.
 *
 *     node server.mjs FOLDER
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'

const folder = path.resolve(process.argv[2] ?? '.')
/** @type {Map<string, Map<string, Buffer>>} the bytes of each base by key */
const bases = new Map()

const types = new Map([
  ['.html', 'text/html'],
  ['.js', 'text/javascript'],
  ['.wasm', 'application/wasm'],
])

/**
 * The fields of a store's metadata that change with its length: the group's and those of an array.
 *
 * @typedef {{ row_count: number, rows_written: number, rows_per_chunk: number, checksums_hash:
 *   string, hash: string }} Rows
 * @typedef {{ attributes: { gradlens: Rows } }} Group
 * @typedef {{ shape: number[], chunk_grid: { configuration: { chunk_shape: number[] } } }} Array
 */

/** The table of checksums of a store that has grown: see docs/reference/gradient-store.md. */
class Checksums {
  /**
   * @param {Buffer} base the table of the small store @param {number} lineCount @param {number}
   * arrayCount
   */
  constructor(base, lineCount, arrayCount) {
    this.lineCount = lineCount
    this.lineByteLength = 4 * arrayCount
    this.linesPerChunk = Math.max(1, Math.min(lineCount, Math.floor(2 ** 14 / arrayCount)))
    this.base = base.subarray(0, base.length - 4)
  }

  /** @param {number} start @param {number} end the lines of those chunks of rows */
  lines(start, end) {
    const { base, lineByteLength } = this
    const baseCount = base.length / lineByteLength
    return Buffer.concat(
      Array.from({ length: end - start }, (_, i) => {
        const at = ((start + i) % baseCount) * lineByteLength
        return base.subarray(at, at + lineByteLength)
      }),
    )
  }

  /** @param {number} index */
  chunk(index) {
    const start = index * this.linesPerChunk
    const lines = this.lines(start, Math.min(start + this.linesPerChunk, this.lineCount))
    const bytes = Buffer.alloc(this.linesPerChunk * this.lineByteLength + 4)
    lines.copy(bytes)
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, -4)), bytes.length - 4)
    return bytes
  }

  get hash() {
    return sha256(this.lines(0, this.lineCount))
  }
}

/** @param {Buffer | string} content */
const sha256 = (content) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** @param {Buffer} bytes */
function crc32c(bytes) {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

/** @param {object} fields their JSON with sorted keys */
function canonicalJson(fields) {
  return JSON.stringify(fields, (_, /** @type {unknown} */ value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** @param {string} name @param {number} rows @param {string} key @returns {Buffer | undefined} */
function stored(name, rows, key) {
  const base = bases.get(name)
  const root = base?.get('zarr.json')
  const table = base?.get('checksums/c.0.0')
  const tableMetadata = base?.get('checksums/zarr.json')
  if (base === undefined || root === undefined) return undefined
  if (table === undefined || tableMetadata === undefined) return undefined
  /** @type {Group} */
  const group = JSON.parse(root.toString())
  const { gradlens } = group.attributes
  /** @type {Array} */
  const { shape } = JSON.parse(tableMetadata.toString())
  const lineCount = Math.ceil(rows / gradlens.rows_per_chunk)
  const checksums = new Checksums(table, lineCount, shape[1] ?? 0)
  const chunk = /^(.*\/c\.)(\d+)(.*)$/.exec(key)
  if (chunk !== null) {
    const [, before, index, after] = chunk
    if (key.startsWith('checksums/')) return checksums.chunk(Number(index))
    const chunkCount = gradlens.row_count / gradlens.rows_per_chunk
    return base.get(`${String(before)}${Number(index) % chunkCount}${String(after)}`)
  }
  const metadata = base.get(key)
  if (metadata === undefined) return undefined
  /** @type {Group & Array} */
  const json = JSON.parse(metadata.toString())
  if (key === 'zarr.json') {
    const grown = {
      ...json.attributes.gradlens,
      row_count: rows,
      rows_written: rows,
      checksums_hash: checksums.hash,
    }
    // JSON has no undefined: the hash covers all other fields.
    const hash = sha256(canonicalJson({ ...grown, hash: undefined }))
    json.attributes.gradlens = { ...grown, hash }
  } else if (key === 'checksums/zarr.json') {
    json.shape[0] = lineCount
    json.chunk_grid.configuration.chunk_shape[0] = checksums.linesPerChunk
  } else {
    json.shape[0] = rows
  }
  return Buffer.from(JSON.stringify(json))
}

const server = createServer((request, response) => {
  const address = decodeURIComponent((request.url ?? '/').replace(/\?.*$/, ''))
  const base = /^\/base\/([^/]+)\/(.+)$/.exec(address)
  if (request.method === 'PUT' && base !== null) {
    const [, name = '', key = ''] = base
    /** @type {Buffer[]} */
    const parts = []
    request.on('data', (/** @type {Buffer} */ part) => parts.push(part))
    request.on('end', () => {
      /** @type {Map<string, Buffer>} */
      const keys = bases.get(name) ?? new Map()
      bases.set(name, keys.set(key, Buffer.concat(parts)))
      response.writeHead(204).end()
    })
    return
  }
  if (request.method === 'POST' && address === '/result') {
    /** @type {Buffer[]} */
    const parts = []
    request.on('data', (/** @type {Buffer} */ part) => parts.push(part))
    request.on('end', () => {
      console.log(Buffer.concat(parts).toString())
      response.writeHead(204).end()
    })
    return
  }
  const store = /^\/store\/([^/]+)\/(\d+)\/(.+)$/.exec(address)
  if (store !== null) {
    const body = stored(store[1] ?? '', Number(store[2]), store[3] ?? '')
    if (body === undefined) response.writeHead(404).end()
    else {
      // The browser's disk cache would otherwise store many times the computer's memory.
      const headers = { 'Content-Length': body.length, 'Cache-Control': 'no-store' }
      response.writeHead(200, headers).end(body)
    }
    return
  }
  const file = path.join(folder, address === '/' ? 'index.html' : address)
  readFile(file).then(
    (body) => {
      const type = types.get(path.extname(file)) ?? 'application/octet-stream'
      response.writeHead(200, { 'Content-Type': type }).end(body)
    },
    () => response.writeHead(404).end(),
  )
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') console.log(address?.port)
})
