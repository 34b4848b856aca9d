import { expect, it } from 'vitest'
import { readHostCode } from '../../hosts/host-server.js'

const lineLimit = 5

it.each([
  ...['jupyter', 'jupyter-ask', 'marimo', 'streamlit', 'gradio', 'dash', 'panel', 'tensorboard'],
  ...['mlflow', 'wandb'],
])('needs at most five lines besides imports: %s', (host) => {
  const lines = readHostCode(host)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(import|from) /.test(line))
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.length).toBeLessThanOrEqual(lineLimit)
  // Longer lines would scroll in the documentation, and could hide several.
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(86)
})
