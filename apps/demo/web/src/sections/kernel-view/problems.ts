/** Why a camera cannot be had, by the name of the error. */
export function cameraProblem(name: string): string {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The camera was not allowed. Allow it in the browser’s settings for this page and try again.';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'No camera was found on this device.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The camera is there but cannot be used; perhaps another program has it.';
    default:
      return 'The camera cannot be used here.';
  }
}
