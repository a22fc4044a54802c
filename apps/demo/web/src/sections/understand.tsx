/** In the works. */
export function Understand() {
  return <p>In the works.</p>;
}
