import type { Refuse } from '../refuse.js';

/** What the header of an .npy file says. */
export interface Fields {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

const REMEDY = 'save the array anew with numpy.save';

/**
 * Reads the Python literal in an .npy header: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, its keys in
 * any order, each once. No other values than a plain string, True or False and a tuple of whole numbers are known, so
 * nothing is nested and nothing is evaluated. Numbers may end in L, as Python 2 wrote them.
 */
export function parseFields(text: string, refuse: Refuse): Fields {
  const reader = new Reader(text, refuse);
  const seen = new Map<string, unknown>();
  reader.expect('{');
  while (!reader.take('}')) {
    const key = reader.string('a key in quotes');
    reader.expect(':');
    if (seen.has(key)) throw refuse('every key of the header once', `'${key}' twice`, REMEDY);
    if (key === 'descr') seen.set(key, reader.descr());
    else if (key === 'fortran_order') seen.set(key, reader.bool());
    else if (key === 'shape') seen.set(key, reader.shape());
    else throw refuse('the keys descr, fortran_order and shape', `'${key}'`, REMEDY);
    if (reader.take(',')) continue;
    reader.expect('}');
    break;
  }
  reader.end();
  for (const key of ['descr', 'fortran_order', 'shape']) {
    if (!seen.has(key)) throw refuse(`'${key}' in the header`, 'none', REMEDY);
  }
  return {
    descr: seen.get('descr') as string,
    fortranOrder: seen.get('fortran_order') as boolean,
    shape: seen.get('shape') as number[],
  };
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /'([^'\\\n]*)'|"([^"\\\n]*)"/y;
const WORD = /[A-Za-z_]\w*/y;
const WHOLE = /-?(?:0+|[1-9]\d*)/y;
/** PyTorch's limit. */
export const MAX_RANK = 64;

class Reader {
  readonly #text: string;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(text: string, refuse: Refuse) {
    this.#text = text;
    this.#refuse = refuse;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(expected: string): never {
    this.#match(SPACE);
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const got = rest === '' ? 'its end' : `${JSON.stringify(rest)} at character ${this.#at}`;
    throw this.#refuse(`${expected} in the header`, got, REMEDY);
  }

  take(character: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) this.#fail(`'${character}'`);
  }

  string(what: string): string {
    this.#match(SPACE);
    const found = this.#match(STRING) ?? this.#fail(what);
    return found[1] ?? found[2];
  }

  descr(): string {
    if (!this.take('[')) return this.string('a dtype in quotes');
    throw this.#refuse('one dtype', 'a structured one with fields', 'save each field as an array of its own');
  }

  bool(): boolean {
    this.#match(SPACE);
    const word = this.#match(WORD)?.[0];
    if (word !== 'True' && word !== 'False') throw this.#refuse('fortran_order True or False in the header', word ?? 'no word', REMEDY);
    return word === 'True';
  }

  shape(): number[] {
    const out: number[] = [];
    this.expect('(');
    while (!this.take(')')) {
      this.#match(SPACE);
      const found = this.#match(WHOLE) ?? this.#fail('a whole size');
      this.take('L');
      out.push(Number(found[0]));
      if (out.length > MAX_RANK) throw this.#refuse(`a shape of at most ${MAX_RANK} sizes`, 'more', REMEDY);
      if (this.take(',')) continue;
      this.expect(')');
      // In Python, (3) is a number.
      if (out.length === 1) throw this.#refuse('a tuple as the shape', `(${out[0]})`, REMEDY);
      break;
    }
    return out;
  }

  end(): void {
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.#fail('nothing after the braces');
  }
}
