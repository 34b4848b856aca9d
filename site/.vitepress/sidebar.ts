import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { findEntries } from '../../scripts/docs/api-reference.mjs'
import { listPages, stagedFolder, titleOf } from '../../scripts/docs/pages.mjs'

/** The pages of docs/ in the order in which a reader needs them. Their headings are the titles. */
const groups: readonly { readonly text: string; readonly pages: readonly string[] }[] = [
  {
    text: 'Quick start',
    pages: [
      'quick-start/index',
      'quick-start/script-tag',
      'quick-start/import-map',
      'quick-start/vite',
      'quick-start/react',
      'quick-start/next',
      'quick-start/webpack',
      'quick-start/esbuild',
      'quick-start/rollup',
      'quick-start/parcel',
      'quick-start/worker',
      'quick-start/node',
    ],
  },
  {
    text: 'Guides',
    pages: [
      'guides/your-own-model',
      'guides/which-method',
      'guides/images',
      'guides/text',
      'guides/tables',
      'guides/time-series',
      'guides/baselines',
      'guides/reading-explanations',
      'guides/explainers',
      'guides/arguments',
      'guides/large-training-sets',
      'guides/influence',
      'guides/workers',
      'guides/evaluation',
    ],
  },
  {
    text: 'Models',
    pages: [
      'models/index',
      'models/keras',
      'models/pytorch',
      'models/onnx',
      'models/teachable-machine',
      'models/losses',
      'models/adapters',
    ],
  },
  {
    text: 'Embedding',
    pages: [
      'embedding/elements',
      'embedding/index',
      'embedding/reports',
      'embedding/elements-reference',
    ],
  },
  {
    text: 'Reference',
    pages: [
      'reference/troubleshooting',
      'reference/errors',
      'reference/performance',
      'reference/browsers',
      'reference/gradient-store',
      'reference/frame',
    ],
  },
]

/** The sidebar of all pages but those of the API. */
export function createSidebar(): DefaultTheme.SidebarItem[] {
  const listed = groups.flatMap(({ pages }) => pages)
  const missing = listPages().filter((page) => !listed.includes(page))
  if (missing.length > 0) {
    throw new Error(`site/.vitepress/sidebar.ts: expected it to list ${missing.join(', ')}.`)
  }
  return groups.map(({ text, pages }) => ({
    text,
    items: pages.map((page) => ({ text: titleOf(page), link: `/${page.replace(/index$/, '')}` })),
  }))
}

/** The kinds of TypeDoc's pages, as its folders and as titles. */
const kinds: readonly (readonly [folder: string, title: string])[] = [
  ['classes', 'Classes'],
  ['functions', 'Functions'],
  ['variables', 'Variables'],
  ['interfaces', 'Interfaces'],
  ['type-aliases', 'Types'],
]

/**
 * The sidebars of the API reference, one per entry: all entries, of which one is unfolded. The names of all entries
 * would be a large part of each page.
 */
export function createApiSidebars(): DefaultTheme.SidebarMulti {
  const entries = [...findEntries().keys()].sort()
  const itemsOf = (unfolded?: string): DefaultTheme.SidebarItem[] => [
    {
      text: 'API',
      items: entries.map((entry) => ({
        text: entry,
        link: `/api/${entry}/`,
        ...(entry === unfolded ? { items: listMembers(entry) } : {}),
      })),
    },
  ]
  return Object.fromEntries([
    ['/api/', itemsOf()],
    ...entries.map((entry) => [`/api/${entry}/`, itemsOf(entry)]),
  ]) as DefaultTheme.SidebarMulti
}

/** The names that an entry exports, by their kind. */
function listMembers(entry: string): DefaultTheme.SidebarItem[] {
  return kinds.flatMap(([folder, text]) => {
    const pages = path.join(stagedFolder, 'api', entry, folder)
    if (!existsSync(pages)) return []
    const items = readdirSync(pages)
      .map((file) => path.basename(file, '.md'))
      .sort()
      .map((name) => ({ text: name, link: `/api/${entry}/${folder}/${name}` }))
    return [{ text, collapsed: text === 'Interfaces' || text === 'Types', items }]
  })
}
