// Draws docs/demo-curves.svg from the demo's runs and Keras': node scripts/draw-curves.mjs runs/demo-seed-*/history.json runs/keras-seed-*.json
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error(
    'usage: node scripts/draw-curves.mjs HISTORY.json ... (files with "keras" in their name are Keras\' runs)',
  )
  process.exit(2)
}
const runs = { Tanuki: [], Keras: [] }
for (const file of files) runs[file.includes('keras') ? 'Keras' : 'Tanuki'].push(JSON.parse(readFileSync(file, 'utf8')))

const charts = [
  { key: 'accuracy', title: 'training accuracy', low: 0.2, high: 1 },
  { key: 'val_accuracy', title: 'validation accuracy', low: 0.2, high: 1 },
  { key: 'loss', title: 'training loss', low: 0, high: 1.8 },
  { key: 'val_loss', title: 'validation loss', low: 0, high: 1.8 },
]
const colours = { Tanuki: '#d1495b', Keras: '#00798c' }
const [width, height, margin] = [360, 220, 40]
const parts = []
charts.forEach(({ key, title, low, high }, c) => {
  const [left, top] = [(c % 2) * (width + margin) + margin, Math.floor(c / 2) * (height + 60) + 40]
  const epochs = runs.Tanuki[0].head[key].length + runs.Tanuki[0].fineTuning[key].length
  const x = (epoch) => left + (epoch / (epochs - 1)) * width
  const y = (value) => top + height - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * height
  parts.push(`<text x="${left}" y="${top - 12}" font-weight="bold">${title}</text>`)
  parts.push(`<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#999"/>`)
  for (let tick = 0; tick <= 4; tick++) {
    const value = low + ((high - low) * tick) / 4
    parts.push(`<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(2)}</text>`)
  }
  const boundary = x(runs.Tanuki[0].head[key].length - 0.5)
  parts.push(
    `<line x1="${boundary}" x2="${boundary}" y1="${top}" y2="${top + height}" stroke="#bbb" stroke-dasharray="4 3"/>`,
  )
  for (const [name, list] of Object.entries(runs)) {
    const curves = list.map((run) => [...run.head[key], ...run.fineTuning[key]])
    for (const curve of curves) {
      const points = curve.map((value, epoch) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
      parts.push(
        `<polyline points="${points}" fill="none" stroke="${colours[name]}" stroke-width="1.5" stroke-opacity="0.75"/>`,
      )
    }
  }
})
const total = { width: 2 * (width + margin) + margin, height: 2 * (height + 60) + 50 }
Object.entries(runs).forEach(([name, list], i) => {
  const at = margin + i * 220
  parts.push(
    `<line x1="${at}" x2="${at + 24}" y1="${total.height - 20}" y2="${total.height - 20}" stroke="${colours[name]}" stroke-width="3"/>`,
  )
  parts.push(`<text x="${at + 30}" y="${total.height - 16}">${name}, ${list.length} seeds</text>`)
})
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>\n`
writeFileSync(fileURLToPath(new URL('../docs/demo-curves.svg', import.meta.url)), svg)
