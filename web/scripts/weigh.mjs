// The first load of a page must stay light: entry, page and one language, gzipped, with the fonts.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const limit = 250 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

function files(key, seen = new Set()) {
  const chunk = manifest[key]
  if (seen.has(key) || !chunk) return []
  seen.add(key)
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((k) => files(k, seen))]
}

const size = (names) => names.reduce((sum, n) => sum + gzipSync(readFileSync(new URL(n, dist))).length, 0)
const fonts = Object.values(manifest)
  .map((c) => c.file)
  .filter((f) => /manrope-(latin|cyrillic)-wght-normal.*\.woff2$/.test(f))
  .reduce((sum, f) => sum + readFileSync(new URL(f, dist)).length, 0)

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const pages = Object.keys(manifest).filter(
  (key) => /(Page|Entrance)\.tsx$/.test(key) && manifest[key].isDynamicEntry,
)
for (const page of pages) {
  const names = new Set([entry, page, 'src/i18n/ru.ts'].flatMap((key) => files(key)))
  const bytes = size([...names]) + fonts
  console.log(`${(bytes / 1024).toFixed(0).padStart(5)} kB  ${page} (scripts, styles, fonts)`)
  if (bytes > limit) process.exitCode = 1
}
if (process.exitCode) console.error(`a first load is over ${limit / 1024} kB`)
