/** A function in GLSL, under the name that expressions call it by, and the names of those that it calls. */
export interface Definition {
  readonly code: string;
  readonly needs: readonly string[];
}

export type Definitions = Readonly<Record<string, Definition>>;

/** A function of a texel of four. */
export function one(code: string, ...needs: string[]): Definition {
  return { code, needs };
}

/** A function of one number, and of a texel lane by lane: where the way of computing depends on the number. */
export function lanes(name: string, code: string, ...needs: string[]): Definition {
  return { code: `${code}\nvec4 ${name}(vec4 x) { return vec4(${name}(x.x), ${name}(x.y), ${name}(x.z), ${name}(x.w)); }`, needs };
}

/** The same of two numbers. */
export function lanes2(name: string, code: string, ...needs: string[]): Definition {
  return {
    code: `${code}\nvec4 ${name}(vec4 x, vec4 y) { return vec4(${name}(x.x, y.x), ${name}(x.y, y.y), ${name}(x.z, y.z), ${name}(x.w, y.w)); }`,
    needs,
  };
}

/** A polynomial in Horner's form, the constant first; `x` is the name of its variable. */
export function polynomial(x: string, coefficients: readonly number[]): string {
  return coefficients.map(literal).reduceRight((sum, c) => `${c} + ${x} * (${sum})`);
}

/** A float literal. */
export function literal(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
