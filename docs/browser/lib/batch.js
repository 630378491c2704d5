/**
 * Draws the inputs of one training step, all but learning rate, step and state: what the run of the
 * description draws, with other random numbers.
 *
 * @param description the parsed NAME.json
 * @param images at least one, uint8 (C, H, W) each
 * @param labels of the images, where the network is told classes
 * @param random gives numbers from 0 to below 1
 */
export function drawBatch({inputs, draws, image}, images, labels = [], random = Math.random) {
  const size = image.channels * image.height * image.width;
  const n = inputs.find(({role}) => role === 'images').shape[0];
  const below = limit => Math.floor(random() * limit);
  const picked = Array.from({length: n}, () => below(images.length));
  const isTold = () => draws.null_class === null || random() >= draws.label_dropout;
  const drawing = {
    images: () => concat(picked.map(i =>
      draws.horizontal_flips && random() < 0.5 ? mirrored(images[i], image.width) : images[i]), n * size),
    noise: () => noise(n, image, draws.offset_noise, random),
    timestep: () => BigInt64Array.from({length: n}, () => BigInt(below(draws.timesteps))),
    class_labels: () => BigInt64Array.from(picked, i => BigInt(isTold() ? labels[i] : draws.null_class)),
    dropout_mask: shape => Uint8Array.from(
        {length: shape.reduce((a, b) => a * b)}, () => random() >= draws.dropout ? 1 : 0),
  };
  return Object.fromEntries(
      inputs
          .filter(({role}) => role in drawing)
          .map(({name, role, shape}) => [name, drawing[role](shape)]));
}

function concat(parts, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function mirrored(pixels, width) {
  return pixels.map((_, i) => pixels[i - i % width + width - 1 - i % width]);
}

/** Standard normal numbers, offset by some of one number for each image and channel. */
function noise(n, {channels, height, width}, share, random) {
  const numbers = normal(n * channels * height * width, random);
  if (share > 0) {
    const offsets = normal(n * channels, random);
    numbers.forEach((z, i) => numbers[i] = z + share * offsets[Math.floor(i / (height * width))]);
  }
  return numbers;
}

/** Standard normal numbers (Box and Muller 1958). */
export function normal(size, random = Math.random) {
  return Float32Array.from(
      {length: size},
      () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}
