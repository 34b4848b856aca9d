import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root } from '../checks/command.mjs'

// `node scripts/docs/addresses.mjs` writes the addresses that follow from `repository` in
// package.json into all files that have them.

/**
 * @typedef {object} Addresses
 * @property {string} repository the repository's page
 * @property {string} homepage the demo, with the documentation in docs/
 * @property {string} bugs the list of issues
 */

/** The files with addresses of the project. */
export const addressedFiles = [
  'README.md',
  'package.json',
  'python/pyproject.toml',
  'docs/guides/your-own-model.md',
]

/**
 * Returns the project's addresses on the web. All follow from `repository` in package.json.
 *
 * @returns {Addresses}
 */
export function readAddresses() {
  const { repository } = /** @type {{ repository: { url: string } }} */ (
    JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  )
  const { url } = repository
  const [, owner, name] = /^git\+https:\/\/github\.com\/([^/]+)\/([^/]+)\.git$/.exec(url) ?? []
  if (owner === undefined || name === undefined) {
    throw new Error(
      `package.json: got repository.url '${url}'; expected git+https://github.com/OWNER/NAME.git.`,
    )
  }
  const page = `https://github.com/${owner}/${name}`
  return {
    repository: page,
    homepage: `https://${owner.toLowerCase()}.github.io/${name}/`,
    bugs: `${page}/issues`,
  }
}

/**
 * Returns the text of a file with the project's addresses in place of earlier ones. Links to other
 * projects stay: those of this one have the words of the pattern after them.
 *
 * @param {string} text
 */
export function withAddresses(text) {
  const { repository, homepage, bugs } = readAddresses()
  return text
    .replaceAll(/https:\/\/[\w-]+\.github\.io\/[\w.-]+\//g, homepage)
    .replaceAll(/https:\/\/github\.com\/[\w-]+\/[\w.-]+\/issues/g, bugs)
    .replaceAll(/(Repository = ")https:\/\/github\.com\/[^"]+/g, `$1${repository}`)
}

if (process.argv[1]?.endsWith('addresses.mjs') === true) {
  for (const name of addressedFiles) {
    const file = path.join(root, name)
    writeFileSync(file, withAddresses(readFileSync(file, 'utf8')))
  }
}
