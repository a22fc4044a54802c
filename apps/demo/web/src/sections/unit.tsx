/** In the works. */
export function Unit() {
  return <p>In the works.</p>;
}
