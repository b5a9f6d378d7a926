import { beforeAll, expect, it } from 'vitest'
import { en } from './en'
import { daysBetween, formats, stopwatch } from './format'
import { loadNumberingPlans, national } from './phone'
import { ru } from './ru'

interface Tree {
  [key: string]: string | Tree
}

const plural = /_(zero|one|two|few|many|other)$/

function* texts(tree: Tree, path = ''): Generator<[string, string]> {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') yield [path + key, value]
    else yield* texts(value, `${path}${key}.`)
  }
}

const slots = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort()

it('says everything in both languages, with the same blanks to fill in', () => {
  const english = new Map([...texts(en)].map(([key, text]) => [key.replace(plural, ''), text]))
  const russian = new Map([...texts(ru as Tree)].map(([key, text]) => [key.replace(plural, ''), text]))
  expect([...russian.keys()].sort()).toEqual([...english.keys()].sort())
  for (const [key, text] of english) expect([key, slots(russian.get(key) ?? '')]).toEqual([key, slots(text)])
})

it('has all plural forms of each language', () => {
  const forms = (tree: Tree, stem: string) =>
    [...texts(tree)].filter(([key]) => key.replace(plural, '') === stem && plural.test(key)).length
  const stems = new Set(
    [...texts(en)].filter(([key]) => plural.test(key)).map(([key]) => key.replace(plural, '')),
  )
  for (const stem of stems) {
    expect([stem, forms(en, stem), forms(ru as Tree, stem)]).toEqual([stem, 2, 4])
  }
})

it.each([
  [0.9, '0:00'],
  [67, '1:07'],
  [3600 * 5 + 9, '5:00:09'],
  [-3, '0:00'],
])('runs the stopwatch: %d s', (seconds, text) => {
  expect(stopwatch(seconds)).toBe(text)
})

it('says spans, money and shares as people of the language do', () => {
  expect(formats('en').span(86_400 * 3 + 3600 * 4)).toBe('3 days 4 hr')
  expect(formats('ru').span(600)).toBe('10 мин')
  expect(formats('en').difference(3.2)).toBe('3 sec')
  expect(formats('en').difference(125)).toBe('2 min 5 sec')
  expect(formats('ru').difference(3600)).toBe('1 ч')
  expect(formats('en').money(1840.5, 'EUR')).toBe('€1,841')
  expect(formats('en').money(5, 'points')).toBe('5 points')
  expect(formats('ru').percent(0.811)).toBe('81\u00a0%')
  expect(daysBetween('2026-02-27', '2026-03-01')).toBe(2)
})

beforeAll(loadNumberingPlans)

it.each([
  ['+79161234567', '8 (916) 123-45-67', 'RU'],
  ['+442071838750', '020 7183 8750', 'GB'],
  ['1001', '1001', null],
  ['anonymous', 'anonymous', null],
])('writes %s as its country does', (number, text, country) => {
  expect(national(number)).toEqual({ text, country })
})
