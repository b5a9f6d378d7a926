import { useTranslation } from 'react-i18next'
import type { NoteCard } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { Panel } from '../../ui/parts'
import css from './Sections.module.css'

export function Notes({ notes }: { notes: NoteCard[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Panel title={t('client.notes')} count={notes.length} testid="notes">
      {notes.length === 0 ? (
        <p className={css.none}>{t('client.noNotes')}</p>
      ) : (
        <ul className={css.list}>
          {notes.map((note) => (
            <li key={note.id}>
              <p className={css.note}>{note.text}</p>
              <p className={css.quiet}>{[note.author, format.moment(note.at)].filter(Boolean).join(' · ')}</p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
