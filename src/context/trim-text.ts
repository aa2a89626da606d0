/** The head and the tail of a text, `chars` characters in all, with a line between them that says how much is missing. */
export function headAndTail(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // The end of a tool's output (the error, the totals) tells as much as its beginning.
  const head = whole(text, Math.floor(chars * 0.6));
  const tail = whole(text, text.length - Math.floor(chars * 0.4));
  return `${text.slice(0, head)}\n[... ${tail - head} characters left out ...]\n${text.slice(tail)}`;
}

/** A place that does not split a surrogate pair. */
function whole(text: string, at: number): number {
  const c = text.charCodeAt(at);
  return c >= 0xdc00 && c < 0xe000 && at > 0 ? at - 1 : at;
}
