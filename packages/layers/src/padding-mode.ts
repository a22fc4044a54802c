/** What stands around the input of a convolution. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
export const paddingModes: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];
