import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { addressedFiles, readAddresses, withAddresses } from '../../../scripts/docs/addresses.mjs'

const read = (file: string): string => readFileSync(file, 'utf8')

it.each(addressedFiles)('has the addresses of the repository in %s', (file) => {
  expect(withAddresses(read(file)), 'Run node scripts/docs/addresses.mjs.').toBe(read(file))
})

it('derives every address from the repository in package.json', () => {
  const { repository, homepage, bugs } = readAddresses()
  const { homepage: given, bugs: givenBugs } = JSON.parse(read('package.json')) as {
    homepage: string
    bugs: { url: string }
  }
  expect([given, givenBugs.url]).toEqual([homepage, bugs])
  expect(repository).toMatch(/^https:\/\/github\.com\/[\w-]+\/gradlens$/)
})

it('replaces addresses of another owner', () => {
  const { repository, homepage, bugs } = readAddresses()
  const old = [
    'https://someone.github.io/other/docs/',
    'https://github.com/someone/other/issues',
    'Repository = "https://github.com/someone/other"',
    'https://github.com/SeldonIO/alibi',
  ]
  expect(withAddresses(old.join('\n')).split('\n')).toEqual([
    `${homepage}docs/`,
    bugs,
    `Repository = "${repository}"`,
    'https://github.com/SeldonIO/alibi',
  ])
})
