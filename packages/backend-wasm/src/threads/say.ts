const said = new Set<string>();

/** Tells the user something once in the life of the program: `warn` when it is not what was asked for. */
export function sayOnce(level: 'info' | 'warn', text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console[level](`konv: ${text}`);
}
