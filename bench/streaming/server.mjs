/**
 * Writes its port, and then what is posted to /result, a line each. Serves a folder, and stores of any number of rows that are made of a few: what is put to /base/NAME/KEY, a store of
 * whole chunks, is served below /store/NAME/ROWS/ with its chunks repeated. Nothing is kept on disk.
 *
 *     node server.mjs FOLDER
 */
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
 * As much of a store's metadata as changes with its length: the group's, and that of an array.
 *
 * @typedef {{ row_count: number, rows_written: number, rows_per_chunk: number }} Rows
 * @typedef {{ attributes: { gradlens: Rows } }} Group
 * @typedef {{ shape: number[] }} Array
 */

/** @param {string} name @param {number} rows @param {string} key @returns {Buffer | undefined} */
function stored(name, rows, key) {
  const base = bases.get(name)
  const root = base?.get('zarr.json')
  if (base === undefined || root === undefined) return undefined
  /** @type {Group} */
  const group = JSON.parse(root.toString())
  const { gradlens } = group.attributes
  const chunk = /^(.*\/c\.)(\d+)(.*)$/.exec(key)
  if (chunk !== null) {
    const [, before, index, after] = chunk
    const chunkCount = gradlens.row_count / gradlens.rows_per_chunk
    return base.get(`${String(before)}${Number(index) % chunkCount}${String(after)}`)
  }
  const metadata = base.get(key)
  if (metadata === undefined) return undefined
  /** @type {Group & Array} */
  const json = JSON.parse(metadata.toString())
  if (key === 'zarr.json') {
    json.attributes.gradlens.row_count = rows
    json.attributes.gradlens.rows_written = rows
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
      // A browser's own cache on disk would take what is many times the machine's memory.
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
