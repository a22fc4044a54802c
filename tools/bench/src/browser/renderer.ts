/** Software is asked for by name: it is the same everywhere, and no silent answer to a GPU that is missing. */
export const software = 'swiftshader';

/** Arguments that choose the renderer, by ANGLE's name for it. */
export function rendererArgs(angle: string, softwareArgs: readonly string[]): string[] {
  const renderer = [
    `--use-angle=${angle}`,
    '--ignore-gpu-blocklist',
    '--enable-gpu',
    ...(angle === 'vulkan' ? ['--enable-features=Vulkan'] : []),
  ];
  // A draw of seconds is slow, not hung.
  return [...(angle === software ? softwareArgs : renderer), '--disable-gpu-watchdog'];
}

/** Whether a renderer, by its own name, is a program on the processor. */
export const isSoftware = (renderer: string): boolean => /swiftshader|llvmpipe|softpipe|basic render|software/i.test(renderer);
