/** In the works. */
export function LearnKernel() {
  return <p>In the works.</p>;
}
