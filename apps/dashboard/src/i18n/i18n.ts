import i18next from 'i18next';
import { useSyncExternalStore } from 'react';

export const LANGUAGES = { en: 'English', id: 'Bahasa Indonesia' } as const;
export type Language = keyof typeof LANGUAGES;
const STORED = 'wag.language';

const isLanguage = (value: string | null | undefined): value is Language => value === 'en' || value === 'id';

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  // Old systems call Indonesian `in`.
  return navigator.languages.some((one) => /^(?:id|in)\b/i.test(one)) ? 'id' : 'en';
}

const i18n = i18next.createInstance();
void i18n.init({
  lng: firstLanguage(),
  fallbackLng: 'en',
  initAsync: false,
  resources: {},
  // React escapes by itself.
  interpolation: { escapeValue: false },
  returnNull: false,
});
document.documentElement.lang = i18n.language;

export const currentLanguage = (): Language => i18n.language as Language;

function followLanguage(onChange: () => void): () => void {
  i18n.on('languageChanged', onChange);
  return () => i18n.off('languageChanged', onChange);
}

export const useLanguage = (): Language => useSyncExternalStore(followLanguage, currentLanguage);

export function setLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
  void i18n.changeLanguage(language);
}

/** Keys by which texts are asked for: `days_one` and `days_other` are asked for as `days`, with `count`. */
type Base<K> = K extends `${infer B}_${'one' | 'other'}` ? B : K;
type Plain<T> = { [K in keyof T as K extends `${string}_one` ? never : K]: string };
export type Texts<K> = (key: K, values?: Record<string, string | number>) => string;

/**
 * The texts of one part of the dashboard, in both languages. They are loaded with the part; a text that one language
 * lacks does not compile.
 *
 * @param namespace unique name, such as that of the folder
 */
export function defineTexts<const T extends Record<string, string>>(
  namespace: string,
  texts: { en: T; id: Plain<T> },
): { use: () => Texts<Base<keyof T>>; now: Texts<Base<keyof T>> } {
  i18n.addResourceBundle('en', namespace, texts.en);
  i18n.addResourceBundle('id', namespace, texts.id);
  const inLanguage = (language: Language) => i18n.getFixedT(language, namespace) as unknown as Texts<Base<keyof T>>;
  const translate = { en: inLanguage('en'), id: inLanguage('id') };
  return {
    use: () => translate[useLanguage()],
    now: (key, values) => (i18n.t as unknown as Texts<string>)(`${namespace}:${String(key)}`, values),
  };
}

export { i18n };
