/** Bytes that no file of weights for this page has. */
export const MOST_BYTES = 64 * 2 ** 20;

const startsWith = (bytes: Uint8Array, ...head: readonly number[]): boolean => head.every((b, i) => bytes[i] === b);
const AS_SAFETENSORS = "write it with PyTorch's safetensors: save_file(net.state_dict(), 'weights.safetensors')";

/** What a file is that is no safetensors file, and what to do, in words; null where it may be one. */
export function foreignFile(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'The file is empty. Choose a safetensors file.';
  if (bytes.length > MOST_BYTES)
    return `The file has ${(bytes.length / 2 ** 20).toFixed(0)} MB; weights for this network have less than one.`;
  // torch.save writes a zip archive since PyTorch 1.6, and a pickle before.
  if (startsWith(bytes, 0x50, 0x4b)) return `This is a zip archive, perhaps from torch.save; ${AS_SAFETENSORS}.`;
  if (startsWith(bytes, 0x80) && bytes[1] <= 5 && bytes[7] !== 0)
    return `This is a Python pickle, perhaps from torch.save; ${AS_SAFETENSORS}.`;
  if (startsWith(bytes, 0x89, 0x48, 0x44, 0x46)) return 'This is an HDF5 file, perhaps from Keras; this page reads safetensors files.';
  if (startsWith(bytes, 0x93, 0x4e, 0x55, 0x4d)) return 'This is a NumPy file; this page reads safetensors files.';
  const picture = startsWith(bytes, 0x89, 0x50, 0x4e, 0x47) || startsWith(bytes, 0xff, 0xd8, 0xff) || startsWith(bytes, 0x47, 0x49, 0x46);
  if (picture) return 'This is a picture; here the weights of a network are wanted, as a safetensors file.';
  return null;
}
