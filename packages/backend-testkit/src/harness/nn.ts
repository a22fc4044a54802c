/** Layers under the name that users know them by. */
export * as nn from '@konv/layers';
