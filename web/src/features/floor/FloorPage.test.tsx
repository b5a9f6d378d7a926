import { MantineProvider } from '@mantine/core'
import { act, render, screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import { startI18n } from '../../i18n'
import { aCall, aLink, anAgent, aSnapshot, FakeServer } from '../../live/fake'
import { LiveProvider, useSnapshotHere } from '../../live/hooks'
import { AgentsPanel } from './AgentsPanel'
import { WaitingPanel } from './WaitingPanel'
import { WrongClocks } from './WrongClocks'

let server: FakeServer

const WhenHere = () =>
  useSnapshotHere() ? (
    <>
      <WrongClocks />
      <WaitingPanel />
      <AgentsPanel />
    </>
  ) : null

async function show(language: 'ru' | 'en', ...links: ReturnType<typeof aLink>[]) {
  await startI18n(language)
  render(
    <MantineProvider>
      <LiveProvider around={server}>
        <WhenHere />
      </LiveProvider>
    </MantineProvider>,
  )
  await act(() => server.pass(0))
  const wait = (pbx: string) =>
    aCall('1', { call: `${pbx}/1`, pbx, stage: 'waiting', position: 1, joined_at: 4990 })
  const pbxs = links.map((link) => link.pbx)
  const agents = pbxs.map((pbx) => anAgent({ pbx }))
  act(() => server.say(aSnapshot({ at: 5000, links, calls: pbxs.map(wait), agents })))
}

beforeEach(() => {
  server = new FakeServer()
})

it('says in a plain sentence whose clock is wrong and by how much; the waits are right', async () => {
  await show('en', aLink({ pbx: 'north' }), aLink({ pbx: 'south', clock_offset: 3600 }))
  const said = screen.getAllByTestId('wrong-clock')
  expect(said).toHaveLength(1)
  expect(said[0]?.textContent).toContain('The clock of telephone system south is 1 hr behind ours.')
  for (const row of screen.getAllByTestId('waiting-row')) expect(row.textContent).toContain('0:10')
})

it('says it in Russian, too', async () => {
  await show('ru', aLink({ clock_offset: -75 }))
  expect(screen.getByTestId('wrong-clock').textContent).toContain('Часы АТС main спешат на 1 мин 15 с.')
})

it('marks what a silent telephone system said last, and nothing of the others', async () => {
  await show('en', aLink({ pbx: 'north' }), aLink({ pbx: 'south', state: 'down', since: 4995 }))
  const marked = (testid: string) =>
    screen
      .getAllByTestId(testid)
      .map((row) => [row.textContent.includes('south'), within(row).queryByTestId('as-of') !== null])
  for (const testid of ['waiting-row', 'agent-row']) {
    expect(marked(testid)).toEqual([
      [false, false],
      [true, true],
    ])
  }
})

it('does not name the only telephone system there is', async () => {
  await show('en', aLink({ pbx: 'main' }))
  expect(screen.getByTestId('waiting-row').textContent).not.toContain('main')
})
