/**
 * ONNX models of one node, as protocol buffers written by hand: field numbers are those of onnx.proto. A message is a
 * row of fields; each begins with its number and wire type (0: an integer, 2: bytes with their length).
 */
import { type ConvShape, outSize } from '../tasks.js';

type Bytes = readonly number[];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}
const integer = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: Bytes): number[] => [...varint(field * 8 + 2), ...varint(value.length), ...value];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

/** AttributeProto: a name, a value, and the kind of the value (2: an integer, 7: integers). */
function attribute(name: string, value: number | readonly number[]): number[] {
  const held =
    typeof value === 'number' ? [...integer(3, value), ...integer(20, 2)] : [...value.flatMap((v) => integer(8, v)), ...integer(20, 7)];
  return [...text(1, name), ...held];
}

/** ValueInfoProto of a float32 tensor. */
function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((size) => bytes(1, integer(1, size)));
  const tensorType = [...integer(1, 1), ...bytes(2, dimensions)];
  return [...text(1, name), ...bytes(2, bytes(1, tensorType))];
}

interface Node {
  op: string;
  inputs: Readonly<Record<string, readonly number[]>>;
  output: readonly number[];
  attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** ModelProto: IR version 8, operator set 13, a graph of the node with output `y`. */
function model({ op, inputs, output, attributes = {} }: Node): Uint8Array {
  const node = [
    ...Object.keys(inputs).flatMap((name) => text(1, name)),
    ...text(2, 'y'),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
  ];
  const graph = [
    ...bytes(1, node),
    ...text(2, 'graph'),
    ...Object.entries(inputs).flatMap(([name, shape]) => bytes(11, valueInfo(name, shape))),
    ...bytes(12, valueInfo('y', output)),
  ];
  return Uint8Array.from([...integer(1, 8), ...bytes(7, graph), ...bytes(8, integer(2, 13))]);
}

/** y = conv(x, w), weights as an input. */
export function convModel(s: ConvShape): Uint8Array {
  const out = outSize(s);
  return model({
    op: 'Conv',
    inputs: {
      x: [s.batch, s.inChannels, s.size, s.size],
      w: [s.outChannels, s.inChannels / s.groups, s.kernel, s.kernel],
    },
    output: [s.batch, s.outChannels, out, out],
    attributes: {
      kernel_shape: [s.kernel, s.kernel],
      strides: [s.stride, s.stride],
      pads: [s.padding, s.padding, s.padding, s.padding],
      group: s.groups,
    },
  });
}

/** y = op(a) op(b). */
export function gemmModel(size: number, transposeA: boolean, transposeB: boolean): Uint8Array {
  const square = [size, size];
  return model({
    op: 'Gemm',
    inputs: { a: square, b: square },
    output: square,
    attributes: { transA: Number(transposeA), transB: Number(transposeB) },
  });
}
