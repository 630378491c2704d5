/** A runtime whose sessions are given, and which counts those that are open. */
export class FakeOrt {
  open = 0;
  runs = [];
  Tensor = class {
    constructor(type, data, dims) {
      Object.assign(this, {type, data, dims});
    }
  };

  /**
   * @param inputMetadata name, type and shape of each
   * @param outputMetadata likewise
   * @param run from feeds to tensors by name
   */
  constructor(inputMetadata, outputMetadata, run) {
    this.InferenceSession = {
      create: async () => {
        this.open++;
        return {
          inputMetadata,
          outputMetadata,
          run: async feeds => {
            this.runs.push(feeds);
            return run(feeds);
          },
          release: async () => this.open--,
        };
      },
    };
  }
}

const varint = n => n < 128 ? [n] : [n % 128 + 128, ...varint(Math.floor(n / 128))];

/** A length-delimited field of a Protobuf message. */
export function field(number, content) {
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : content;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

/** The bytes of a model with this metadata, whose graph is empty but for given fields. */
export function modelBytes(metadata, graph = []) {
  const entries = Object.entries(metadata).flatMap(([key, value]) => field(14, [
    ...field(1, `ddpm4j.${key}`), ...field(2, JSON.stringify(value)),
  ]));
  return Uint8Array.from([...field(7, graph), ...entries]);
}
