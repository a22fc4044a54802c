/** In the works. */
export function Knobs() {
  return <p>In the works.</p>;
}
