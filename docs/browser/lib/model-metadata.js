/**
 * What an ONNX file says about itself: the `metadata_props` of its ModelProto, which ONNX Runtime
 * reads but its JavaScript API does not show. Of the Protobuf format, that needs varints and
 * length-delimited fields; everything else in the file is skipped.
 */

const METADATA_PROPS = 14; // ModelProto
const KEY = 1; // StringStringEntryProto
const VALUE = 2;

const SIZES = {1: 8, 5: 4}; // bytes of the wire types of fixed size

/** The metadata of a model file, as an object of texts. */
export function modelMetadata(bytes) {
  const metadata = {};
  for (const [number, content] of fields(bytes)) {
    if (number === METADATA_PROPS) {
      const entry = {[KEY]: '', [VALUE]: ''};
      for (const [part, text] of fields(content)) {
        entry[part] = new TextDecoder().decode(text);
      }
      metadata[entry[KEY]] = entry[VALUE];
    }
  }
  return metadata;
}

/** The length-delimited fields of a message: their numbers and contents. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) { // beyond 32 bits, where shifts end
      const byte = bytes[at++];
      if (byte === undefined) {
        throw new Error('expected an ONNX file, found one that is cut short or something else');
      }
      value += (byte & 127) * scale;
      if (byte < 128) {
        return value;
      }
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === 0) {
      varint();
    } else if (type === 2) {
      const length = varint();
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else if (type in SIZES) {
      at += SIZES[type];
    } else {
      throw new Error('expected an ONNX file, found something else');
    }
  }
}
