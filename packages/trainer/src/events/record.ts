/**
 * Event files of TensorBoard: TFRecords of `Event` messages.
 * Source: TensorFlow, core/lib/io/record_writer.h, core/util/event.proto and core/framework/summary.proto.
 */
import { maskedCrc32c } from './crc32c.js';

/** One entry of an event file. */
export type Event = {
  /** Seconds since 1970. */
  wallTime: number;
  step: number;
} & ({ fileVersion: string } | { scalars: Readonly<Record<string, number>> } | { start: true });

/** A TFRecord: u64 length, its checksum, the data, its checksum; little-endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length + 4);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return out;
}

const DOUBLE = 1;
const BYTES = 2;
const FLOAT = 5;
const VARINT = 0;
const START = 1;

/** The protocol-buffer message of an event. */
export function encodeEvent(event: Event): Uint8Array {
  const fields = [field(1, DOUBLE, float(event.wallTime, 8))];
  // A field that is 0 is left out, as every protocol-buffer writer does.
  if (event.step !== 0) fields.push(field(2, VARINT, varint(event.step)));
  if ('fileVersion' in event) fields.push(text(3, event.fileVersion));
  else if ('start' in event) fields.push(message(7, field(1, VARINT, varint(START))));
  else {
    const values = Object.entries(event.scalars).map(([tag, value]) => message(1, [...text(1, tag), ...field(2, FLOAT, float(value, 4))]));
    fields.push(message(5, values.flat()));
  }
  return Uint8Array.from(fields.flat());
}

function field(number: number, wire: number, bytes: readonly number[]): number[] {
  return [(number << 3) | wire, ...bytes];
}
function message(number: number, bytes: readonly number[]): number[] {
  return field(number, BYTES, [...varint(bytes.length), ...bytes]);
}
function text(number: number, value: string): number[] {
  return message(number, [...new TextEncoder().encode(value)]);
}
function varint(n: number): number[] {
  const out: number[] = [];
  let rest = n;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return [...out, rest];
}
function float(value: number, size: 4 | 8): number[] {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer)];
}
