/** A tensor's sizes lie three levels deep: `{ name: { shape: [` */
const MAX_DEPTH = 3;

/**
 * What `JSON.parse` would not say about a header: a key twice in one object (it keeps the last), nesting deeper than
 * any header has (it would build it). Returns the complaint, or null. Text that is not JSON may pass: parse it next.
 */
export function scanHeader(text: string): { expected: string; got: string } | null {
  /** One an open bracket: the keys seen in an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b || c === 0x5b) {
      open.push(c === 0x7b ? new Set() : null);
      if (open.length > MAX_DEPTH) return { expected: `at most ${MAX_DEPTH} levels of brackets`, got: `more at character ${i}` };
    } else if (c === 0x7d || c === 0x5d) {
      open.pop();
    } else if (c === 0x22) {
      const end = endOfString(text, i);
      const keys = open[open.length - 1];
      if (keys && isKey(text, end)) {
        const key = decode(text.slice(i, end));
        if (keys.has(key)) return { expected: 'every key once', got: `${JSON.stringify(key)} twice` };
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return null;
}

/** The position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i + 1;
  }
  return text.length;
}

function isKey(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x3a) return true;
    if (c !== 0x20 && c !== 0x09 && c !== 0x0a && c !== 0x0d) return false;
  }
  return false;
}

function decode(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}
