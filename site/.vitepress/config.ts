import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { readAddresses } from '../../scripts/docs/addresses.mjs'
import { stagedFolder } from '../../scripts/docs/pages.mjs'
import { createSidebar, createApiSidebars } from './sidebar.js'

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const { repository } = readAddresses()

export default defineConfig({
  title: 'gradlens',
  description: 'Explain neural-network predictions in the browser.',
  lang: 'en',
  // The site works from any folder, as the demo does.
  base: './',
  srcDir: stagedFolder,
  outDir: at('../../dist-demo/docs'),
  cacheDir: at('../../.cache/vitepress'),
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  vite: { publicDir: false, build: { chunkSizeWarningLimit: 4_000 } },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides/explainers', activeMatch: '^/(?!api/)' },
      { text: 'API', link: '/api/' },
      { text: 'Demo', link: '../index.html', target: '_self' },
      { text: 'Source', link: repository },
    ],
    sidebar: { '/': createSidebar(), ...createApiSidebars() },
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'Apache-2.0' },
  },
})
