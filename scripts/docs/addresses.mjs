import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/command.mjs'

/**
 * @typedef {object} Addresses
 * @property {string} repository the repository's page
 * @property {string} homepage the demo, with the documentation in docs/
 * @property {string} bugs the list of issues
 */

/**
 * Returns the project's addresses on the web. All follow from `repository` in package.json.
 *
 * @returns {Addresses}
 */
export function readAddresses() {
  const { repository } = /** @type {{ repository: { url: string } }} */ (
    JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  )
  return addressesOf(repository.url)
}

/** @param {string} url as in package.json: `git+https://github.com/owner/name.git` @returns {Addresses} */
function addressesOf(url) {
  const [, owner, name] = /^git\+https:\/\/github\.com\/([^/]+)\/([^/]+)\.git$/.exec(url) ?? []
  if (owner === undefined || name === undefined) {
    throw new Error(
      `package.json: got repository.url '${url}'; expected git+https://github.com/OWNER/NAME.git.`,
    )
  }
  const repository = `https://github.com/${owner}/${name}`
  return {
    repository,
    homepage: `https://${owner.toLowerCase()}.github.io/${name}/`,
    bugs: `${repository}/issues`,
  }
}
