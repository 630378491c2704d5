import {isKnown} from './tensors.js';

const IS_LABEL = /^(class|label|y$)/i;

/**
 * Which input and output of a network plays which role, by rank and name, and the number of images
 * that it takes at once.
 *
 * @param session an InferenceSession
 * @returns {{sample, timestep, labels, weights, output, batch}} the inputs and the output as the
 *     session says them, labels and weights undefined where there are none; batch is null where
 *     any number will do
 */
export function portsOf({inputMetadata, outputMetadata}) {
  const said = inputMetadata.map(({name, type, shape}) => `${name} ${type}[${shape}]`).join(', ');
  const refuse = expected => {
    throw new Error(`expected ${expected}, found the inputs ${said}`);
  };
  const images = inputMetadata.filter(({shape}) => shape?.length === 4);
  if (images.length !== 1) {
    refuse('a network with one input of images');
  }
  const [sample] = images;
  const weights = inputMetadata.find(({name}) => name === 'weights');
  const others = inputMetadata.filter(each => each !== sample && each !== weights);
  const labels = others.length > 1 ? others.find(({name}) => IS_LABEL.test(name)) : undefined;
  const [timestep, ...unknown] = others.filter(each => each !== labels);
  if (!timestep || unknown.length > 0) {
    refuse('a network that is told images, a timestep and perhaps classes');
  }
  const given = [sample, timestep, labels].filter(Boolean);
  const strange = given.find(({type}) => !isKnown(type));
  if (strange) {
    refuse(`${strange.name} of floats or whole numbers`);
  }
  const pictures = outputMetadata.filter(({shape}) => shape?.length === 4);
  const output = pictures.find(({name}) => name === 'out_sample') ?? pictures[0];
  if (!output) {
    throw new Error('expected a network with an output of images, found none');
  }
  const fixed = given
      .map(({shape}) => shape.length === 0 ? 1 : shape[0])
      .find(extent => typeof extent === 'number');
  return {sample, timestep, labels, weights, output, batch: fixed ?? null};
}

/** The shape of an input of one number for each image: (N), (N, 1) or, for one image, (). */
export const shapeOfEach = ({shape}, n) => shape.map((_, axis) => axis === 0 ? n : 1);
