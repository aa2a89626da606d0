/** Lower case without accents, so that `Où` and `ou` are one word; Han, kana and hangul stay as they are. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return ACCENTED.test(lower) ? lower.replace(ALL_ACCENTED, foldLetter) : lower;
}

const ACCENTED = /[\u00df-\u024f\u0439\u0451]/;
const ALL_ACCENTED = /[\u00df-\u024f\u0439\u0451]/g;

function foldLetter(letter: string): string {
  return letter === 'ß' ? 'ss' : letter === 'œ' ? 'oe' : letter.normalize('NFD').charAt(0);
}
