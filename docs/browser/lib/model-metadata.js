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
      const {[KEY]: key, [VALUE]: value} = entry(content);
      metadata[key] = value;
    }
  }
  return metadata;
}

const EXTERNAL_DATA = 13; // TensorProto
/** By message, the fields that lead to its tensors, and to which message each leads. */
const TOWARDS_TENSORS = {
  model: {7: 'graph'},
  graph: {1: 'node', 5: 'tensor'},
  node: {5: 'attribute'},
  attribute: {5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph'},
};

/** The names of the files beside a model that hold its weights; none where it holds them itself. */
export function externalFiles(bytes) {
  const names = new Set();
  const visit = (message, kind) => {
    for (const [number, content] of fields(message)) {
      if (kind === 'tensor') {
        if (number === EXTERNAL_DATA) {
          const {[KEY]: key, [VALUE]: value} = entry(content);
          if (key === 'location') {
            names.add(value);
          }
        }
      } else if (number in TOWARDS_TENSORS[kind]) {
        visit(content, TOWARDS_TENSORS[kind][number]);
      }
    }
  };
  visit(bytes, 'model');
  return [...names];
}

function entry(bytes) {
  const parts = {[KEY]: '', [VALUE]: ''};
  for (const [part, text] of fields(bytes)) {
    parts[part] = new TextDecoder().decode(text);
  }
  return parts;
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
