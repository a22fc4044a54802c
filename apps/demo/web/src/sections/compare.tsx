/** In the works. */
export function Compare() {
  return <p>In the works.</p>;
}
