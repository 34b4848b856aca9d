import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ServedPage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Serves the pages of a test on the loopback, each with its own headers. */
export class ReportServer {
  readonly address: string
  readonly close: () => void
  readonly #pages: Map<string, ServedPage>

  private constructor(address: string, pages: Map<string, ServedPage>, close: () => void) {
    this.address = address
    this.#pages = pages
    this.close = close
  }

  static async start(): Promise<ReportServer> {
    const pages = new Map<string, ServedPage>()
    const server = createServer(({ url = '/' }, response) => {
      const page = pages.get(url)
      response.writeHead(page === undefined ? 404 : 200, {
        'content-type': 'text/html; charset=utf-8',
        ...page?.headers,
      })
      response.end(page?.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return new ReportServer(`http://127.0.0.1:${port}`, pages, () => server.close())
  }

  /** Serves a page with these headers, and returns its address. */
  serve(name: string, body: string, headers: Record<string, string> = {}): string {
    this.#pages.set(`/${name}`, { body, headers })
    return `${this.address}/${name}`
  }

  /** Serves a page with the report in a sandboxed frame, and returns its address. */
  embed(name: string, sandbox: string, attributes = 'src="/report"'): string {
    return this.serve(
      name,
      `<!doctype html><iframe sandbox="${sandbox}" ${attributes} width="1000" height="800"></iframe>`,
    )
  }
}
