import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readSamples } from '../../scripts/docs/samples.mjs'
import { readSample } from '../support/docs/read-sample.js'
import { hostPages } from './hosted-pages.js'
import { findMostSimilar } from './similar-points.js'

const docs = 'docs/quick-start'

/** How the project of each page is run in this test. scripts/checks/by-hand/fresh-projects.ts follows all of them. */
const ways: Readonly<Record<string, 'as it is' | 'esbuild' | 'vite' | 'node' | 'compared'>> = {
  'script-tag': 'as it is',
  'import-map': 'as it is',
  esbuild: 'esbuild',
  webpack: 'compared',
  rollup: 'compared',
  parcel: 'compared',
  vite: 'vite',
  worker: 'vite',
  react: 'compared',
  next: 'compared',
  node: 'node',
}

const host = hostPages()
/** Projects with the package as the build made it. */
const folder = mkdtempSync('node_modules/.quick-start-')

beforeAll(() => {
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(process.cwd(), path.join(folder, 'node_modules/gradlens'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Writes the files of a page of the guide, and returns their folder. */
function writeProject(page: string): string {
  const project = path.join(folder, page)
  for (const { name, code } of readSamples(`${docs}/${page}.md`)) {
    if (name === '') continue
    const file = path.join(project, name)
    mkdirSync(path.dirname(file), { recursive: true })
    const served = code.replaceAll('./node_modules/gradlens/', '/')
    writeFileSync(file, served.replaceAll('./node_modules/', '/node_modules/'))
  }
  return project
}

/** What a page shows, as text, once it has explained. */
async function readPage(address: string): Promise<string> {
  const page = await host.browser.newPage()
  const messages: string[] = []
  page.on('pageerror', ({ message }) => messages.push(message))
  page.on('console', (entry) => messages.push(entry.text()))
  await page.goto(`${host.url}/${address}`)
  const shown = page.locator('pre').filter({ hasText: /device/i })
  await shown.waitFor({ timeout: 30_000 })
  expect(messages).toEqual([])
  const text = await shown.innerText()
  await page.close()
  return text
}

/** Expects the explanation of [0.9, 0.2] on wasm: its most similar points, and a for, b against. */
function expectExplanation(text: string): void {
  expect(/device\W+(\w+)/i.exec(text)?.[1]).toBe('wasm')
  const numbers = (/similar([^]*)/i.exec(text)?.[1]?.match(/-?\d[\d.e-]*/g) ?? []).map(Number)
  expect(numbers).toHaveLength(8)
  findMostSimilar([0.9, 0.2])
    .flat()
    .forEach((value, i) => {
      expect(numbers[i]).toBeCloseTo(value, 12)
    })
  expect(numbers[6]).toBeGreaterThan(0)
  expect(numbers[7]).toBeLessThan(0)
}

const pagesOf = (way: (typeof ways)[string]): string[] =>
  Object.keys(ways).filter((page) => ways[page] === way)

it('follows each page of the guide', () => {
  const pages = readdirSync(docs).map((file) => path.basename(file, '.md'))
  expect(pages.filter((page) => page !== 'index').sort()).toEqual(Object.keys(ways).sort())
})

it.each(pagesOf('as it is'))('explains on wasm with the page of %s', async (page) => {
  expectExplanation(await readPage(`${writeProject(page)}/page.html`))
})

it('explains on wasm with the project of esbuild', async () => {
  const project = writeProject('esbuild')
  await esbuild({
    entryPoints: [path.join(project, 'src/main.js')],
    bundle: true,
    format: 'esm',
    splitting: true,
    minify: true,
    outdir: path.join(project, 'dist'),
    tsconfigRaw: {},
    logLevel: 'error',
  })
  expectExplanation(await readPage(`${project}/index.html`))
})

it.each(pagesOf('vite'))('explains on wasm with the project of %s', async (page) => {
  const project = writeProject(page)
  await vite({ root: project, base: './', configFile: false, logLevel: 'error' })
  expectExplanation(await readPage(`${project}/dist/index.html`))
})

it('explains on wasm with the project of Node', () => {
  const project = writeProject('node')
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }')
  const output = execFileSync(process.execPath, ['main.js'], { cwd: project, encoding: 'utf8' })
  expectExplanation(output)
})

it.each([
  ['webpack', 'src/explain.js', 'esbuild'],
  ['rollup', 'src/explain.js', 'esbuild'],
  ['parcel', 'src/explain.js', 'esbuild'],
  ['next', 'app/explain.ts', 'react'],
])('shows the same module for %s as for another page', (page, file, other) => {
  const otherFile = file.replace('app/', 'src/')
  expect(readSample(`${docs}/${page}.md`, file)).toBe(readSample(`${docs}/${other}.md`, otherFile))
})
