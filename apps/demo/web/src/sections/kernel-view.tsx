/** In the works. */
export function KernelView() {
  return <p>In the works.</p>;
}
