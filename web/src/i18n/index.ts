import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Dictionary } from './dictionary'
import type { en } from './en'

export const languages = { ru: 'Русский', en: 'English' } as const
export type Language = keyof typeof languages

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
    returnNull: false
  }
}

const dictionaries: Record<Language, () => Promise<Dictionary>> = {
  ru: async () => (await import('./ru')).ru,
  en: async () => (await import('./en')).en,
}

const storageKey = 'tierline-language'
const isLanguage = (word: string | null): word is Language => word === 'ru' || word === 'en'

/** Before anybody has signed in: the last choice on this machine, else what the browser asks for. */
export function firstLanguage(): Language {
  const stored = localStorage.getItem(storageKey)
  if (isLanguage(stored)) return stored
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('ru')) ? 'ru' : 'en'
}

export async function speak(language: Language) {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await dictionaries[language]())
  }
  document.documentElement.lang = language
  localStorage.setItem(storageKey, language)
  if (i18next.language !== language) await i18next.changeLanguage(language)
}

export async function startI18n(language: Language = firstLanguage()) {
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: await dictionaries[language]() } },
    interpolation: { escapeValue: false },
  })
  await speak(language)
}

export { useFormat } from './format'
export { useSay } from './say'
