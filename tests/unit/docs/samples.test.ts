import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { compile as compileSvelte } from 'svelte/compiler'
import { expect, it } from 'vitest'
import { compileTemplate } from 'vue/compiler-sfc'
import { findPythons } from '../../../scripts/checks/python/find-pythons.mjs'
import { listExamples, listSamples } from '../../../scripts/docs/samples.mjs'
import { isTyped } from '../../../scripts/docs/write-samples.mjs'
import { readArguments } from '../../../src/cli/arguments.js'
import { mergeCommand } from '../../../src/cli/commands/merge.js'
import { precomputeCommand } from '../../../src/cli/commands/precompute.js'
import { reportCommand } from '../../../src/cli/commands/report.js'
import { verifyCommand } from '../../../src/cli/commands/verify.js'
import packageJson from '../../../package.json' with { type: 'json' }

const samples = listSamples()
const ofLanguage = (...languages: string[]): typeof samples =>
  samples.filter(({ language }) => languages.includes(language))
const placeOf = ({ file, line }: (typeof samples)[number]): string => `${file}:${line}`

/** The samples that tests read, as `file name`. */
const readByTests = new Set(
  readdirSync('tests', { recursive: true, encoding: 'utf8' }).flatMap((file) => {
    if (!file.endsWith('.ts')) return []
    const text = readFileSync(`tests/${file}`, 'utf8')
    const reads = text.matchAll(/readSample\(\s*'([^']+)',\s*'([^']+)',?\s*\)/g)
    const modules = text.matchAll(/'[./]*\/(docs\/\S+\.md)\?(\S+)'/g)
    const hosts = text.matchAll(/readHostCode\('([^']+)'\)/g)
    return [
      ...[...reads, ...modules].map(([, page, name]) => `${page!} ${name!}`),
      ...[...hosts].map(([, name]) => `docs/embedding/index.md ${name!}`),
    ]
  }),
)

it('has samples in the guides and in the doc comments', () => {
  expect(samples.filter(isTyped).length).toBeGreaterThan(20)
  expect(listExamples().length).toBeGreaterThan(15)
})

it('knows every language of the samples', () => {
  const known = ['ts', 'tsx', 'js', 'html', 'svelte', 'vue', 'python', 'sh', 'css', 'json', 'text']
  expect(samples.filter(({ language }) => !known.includes(language)).map(placeOf)).toEqual([])
})

/** The columns of a sample. The documentation site scrolls longer lines. */
const widest = 88

it('has no line that scrolls on the documentation site', () => {
  const shown = samples.filter(({ file }) => file.startsWith('docs/'))
  const long = [...shown, ...listExamples()].flatMap(({ file, line, code }) =>
    code
      .split('\n')
      .flatMap((text, i) => (text.length > widest ? [`${file}:${line + i} ${text}`] : [])),
  )
  expect(long).toEqual([])
})

/** Its commands and files create projects: scripts/checks/by-hand/fresh-projects.ts follows them. */
const isQuickStart = ({ file }: (typeof samples)[number]): boolean =>
  file.startsWith('docs/quick-start/')

const run = ofLanguage('html', 'js').filter(
  // tests/e2e/quick-start.test.ts runs its pages.
  (sample) => !isTyped(sample) && !isQuickStart(sample),
)

it.each(run)('runs $file, $name in another test', ({ file, line, name }) => {
  const advice = `${file}:${line}: give it a name after the fence, and run readSample('${file}', NAME).`
  expect([...readByTests], advice).toContain(`${file} ${name}`)
})

it('compiles the samples in Python', async () => {
  const [python] = await findPythons()
  const program = `
import json, sys
for place, code in json.load(sys.stdin):
    compile(code, place, "exec")`
  const codes = ofLanguage('python', 'py').map((sample) => [placeOf(sample), sample.code])
  execFileSync(python!.command, ['-c', program], { input: JSON.stringify(codes) })
})

it.each(ofLanguage('svelte'))('compiles $file:$line with Svelte', ({ code }) => {
  const script = '<script>let { predictions, labels, choose } = $props()</script>'
  expect(compileSvelte(script + code, {}).warnings).toEqual([])
})

it.each(ofLanguage('vue'))('compiles $file:$line with Vue', ({ file, code }) => {
  const isCustomElement = (tag: string): boolean => tag.startsWith('gl-')
  const { errors } = compileTemplate({
    source: code,
    filename: file,
    id: file,
    compilerOptions: { isCustomElement },
  })
  expect(errors).toEqual([])
})

const commands = [mergeCommand, precomputeCommand, reportCommand, verifyCommand]
const { peerDependencies, devDependencies, scripts } = packageJson
const packages = ['gradlens', ...Object.keys(peerDependencies), ...Object.keys(devDependencies)]

/** Throws for a command that can't work. */
function checkCommand(command: string): void {
  const [program = '', action = '', ...rest] = command.trim().split(/\s+/)
  if (program === 'npx' && action === 'gradlens') {
    const [name, ...options] = rest
    const found = commands.find((each) => each.name === name)
    expect(found, command).toBeDefined()
    readArguments(found!, options)
  } else if (program === 'npm' && ['install', 'i'].includes(action)) {
    for (const name of rest.filter((each) => !each.startsWith('-')))
      expect(packages).toContain(name)
  } else if (program === 'npm' && ['run', 'start', 'test'].includes(action)) {
    expect(Object.keys(scripts)).toContain(action === 'run' ? rest[0] : action)
  } else if (program === 'pip') {
    expect(rest.filter((each) => !/^'?gradlens(?:\[\w+\])?'?$/.test(each))).toEqual([])
  } else {
    expect(`${program} ${action}`).toBe('npm ci')
  }
}

it.each(ofLanguage('sh').filter((sample) => !isQuickStart(sample)))(
  'shows commands that exist in $file:$line',
  ({ code }) => {
    const lines = code.replaceAll('\\\n', ' ').split('\n')
    for (const line of lines.map((each) => each.replace(/\s#.*/, '').trim())) {
      if (line !== '') for (const command of line.split('&&')) checkCommand(command)
    }
  },
)
