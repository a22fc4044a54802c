/**
 * Every differentiable op against central differences, its first and second derivatives, on contiguous, strided and
 * broadcast inputs. The table is typed over core's catalogue: an op without a case does not compile.
 */
import { gradcheck, gradgradcheck } from '@konv/autograd';
import type { DifferentiableOp } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { elementwiseCases } from './cases/elementwise.js';
import type { Case, CasesFor } from './cases/kit.js';
import { movementCases } from './cases/movement.js';
import { nnCases } from './cases/nn.js';
import { balanced, frozen } from './support.js';

const cases: CasesFor<DifferentiableOp> = { ...elementwiseCases, ...movementCases, ...nnCases };

async function run(check: typeof gradcheck, { fn, inputs, options }: Case): Promise<void> {
  await balanced(async () => {
    const operands = inputs();
    await expect(check(frozen(fn), operands, options)).resolves.toBe(true);
    for (const x of operands) x.dispose();
  });
}

describe.each(Object.entries(cases))('%s', (_op, rows) => {
  const named = rows.map((c) => [c.what, c] as const);
  it.each(named)('%s: first derivatives', (_what, c) => run(gradcheck, c));
  it.each(named)('%s: second derivatives', (_what, c) => run(gradgradcheck, c));
});
