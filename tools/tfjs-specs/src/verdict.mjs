/** The most specs of the convolution set that may be skipped with training. */
export const MOST_SKIPS = 10;

/**
 * What is not as expected, a line each; empty if all is well.
 * `results`: of one run. `count`: of specs, or undefined if a filter chose among them.
 * `plainFailures`: names of the specs that fail on plain wasm, the committed list; none on cpu.
 * `skips`: with training, `{ spec, reason }` of those that may still fail. Every other spec must pass, but in a run of the
 * set `all`, where those that fail on plain wasm may fail as before.
 */
export function verdict(results, { count, plainFailures, training, skips, everyOther = true }) {
  const byName = new Map(results.map((r) => [r.name, r]));
  const known = new Set(plainFailures);
  const whole = count !== undefined;
  const lines = [];
  if (whole && results.length !== count) lines.push(`expected ${count} specs, got ${results.length}`);
  const failed = results.filter((r) => r.status === 'failed').map((r) => r.name);
  if (!training) {
    lines.push(...failed.filter((name) => !known.has(name)).map((name) => `fails, but is not in the list of those that do: ${name}`));
    lines.push(
      ...plainFailures
        .filter((name) => byName.get(name)?.status === 'passed')
        .map((name) => `passes, but is in the list of those that fail: ${name}`),
    );
    if (whole)
      lines.push(
        ...plainFailures
          .filter((name) => !byName.has(name))
          .map((name) => `is in the list of those that fail, but no spec has this name: ${name}`),
      );
    return lines;
  }
  if (skips.length > MOST_SKIPS) lines.push(`expected at most ${MOST_SKIPS} skips, got ${skips.length}`);
  const skipped = new Set(skips.map((s) => s.spec));
  for (const { spec, reason } of skips) {
    const result = byName.get(spec);
    if (!reason) lines.push(`is skipped without a reason: ${spec}`);
    if (result?.status === 'passed') lines.push(`is skipped, but passes: ${spec}`);
    if (whole && !result) lines.push(`is skipped, but no spec has this name: ${spec}`);
  }
  for (const name of failed) {
    if (skipped.has(name)) continue;
    if (!known.has(name)) lines.push(`passes on plain wasm and fails with training: ${name}`);
    else if (everyOther) lines.push(`fails with training and is not skipped: ${name}`);
  }
  return lines;
}
