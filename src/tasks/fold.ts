/** Lower case without accents, so that `Où` and `ou` are one word; Han, kana and hangul stay as they are. */
export function fold(text: string): string {
  return text.toLowerCase().replace(ACCENTED, foldLetter);
}

const ACCENTED = /[\u00df-\u024f\u0439\u0451]/g;

function foldLetter(letter: string): string {
  return letter === 'ß' ? 'ss' : letter === 'œ' ? 'oe' : letter.normalize('NFD').charAt(0);
}
