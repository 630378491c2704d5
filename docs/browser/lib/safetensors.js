/**
 * The safetensors format: eight bytes of header length, a JSON header with each tensor's type, shape
 * and place, then the tensors' bytes. Float32 only, which is what a training state holds.
 */

/** @returns {{metadata: Object<string, string>, tensors: Object<string, Float32Array>}} */
export function readSafetensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 8 ? Infinity : 8 + Number(view.getBigUint64(0, true));
  if (start > bytes.length) {
    throw new Error('expected a safetensors file, found something else');
  }
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const metadata = header.__metadata__ ?? {};
  delete header.__metadata__;
  const tensors = {};
  for (const [name, {dtype, data_offsets: [begin, end]}] of Object.entries(header)) {
    if (dtype !== 'F32') {
      throw new Error(`${name}: expected F32, found ${dtype}`);
    }
    const at = bytes.byteOffset + start;
    tensors[name] = new Float32Array(bytes.buffer.slice(at + begin, at + end)); // aligned
  }
  return {metadata, tensors};
}

/** The bytes of a file with flat tensors, in the order of the object. */
export function writeSafetensors(tensors, metadata) {
  const header = {__metadata__: metadata};
  let size = 0;
  for (const [name, values] of Object.entries(tensors)) {
    header[name] = {
      dtype: 'F32',
      shape: [values.length],
      data_offsets: [size, size += values.byteLength],
    };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + size).fill(0x20, 8, start); // spaces up to a multiple of 8
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const values of Object.values(tensors)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}
