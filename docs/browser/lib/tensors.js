import {fromFloat16, toFloat16} from './float16.js';

/** By ONNX Runtime's name: the elements of a tensor, from numbers. */
const ARRAYS = {
  float32: values => values instanceof Float32Array ? values : Float32Array.from(values),
  float16: toFloat16,
  float64: values => Float64Array.from(values),
  int64: values => BigInt64Array.from(values, BigInt),
  int32: values => Int32Array.from(values),
};

/** Whether an input of this type can be given. */
export const isKnown = type => Object.hasOwn(ARRAYS, type);

/**
 * A tensor for an input.
 *
 * @param spec its type and shape, as a session says them
 * @param values numbers, as many as the shape has
 * @param shape
 */
export function tensor(ort, {type}, values, shape) {
  return new ort.Tensor(type, ARRAYS[type](values), shape);
}

/** The numbers of an output. */
export function numbers({type, data}) {
  if (type !== 'float16') {
    return data;
  }
  return data instanceof Uint16Array ? fromFloat16(data) : Float32Array.from(data);
}
