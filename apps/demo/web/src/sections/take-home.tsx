/** In the works. */
export function TakeHome() {
  return <p>In the works.</p>;
}
