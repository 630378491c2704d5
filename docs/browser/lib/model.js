import {checkScheduler, ddim} from './ddim.js';
import {Loop} from './loop.js';
import {externalFiles, modelMetadata} from './model-metadata.js';
import {imageNoise} from './noise.js';
import {Predictor, guided} from './predictor.js';
import {alphasCumprod} from './schedule.js';

/**
 * Opens a file of `ddpm export`, in any of its forms: a network, or a whole sampling loop.
 *
 * @param ort onnxruntime-web or onnxruntime-node
 * @param name of the file
 * @param read gives the bytes of a file by name, as a promise; also those of weights beside the model
 * @returns {Promise<NetworkModel|LoopModel>} which the caller releases
 */
export async function openModel(ort, name, read) {
  const bytes = await read(name);
  const metadata = modelMetadata(bytes);
  const said = key => JSON.parse(metadata[`ddpm4j.${key}`] ?? 'null');
  const about = {
    image: said('image'),
    scheduler: said('scheduler'),
    loop: said('loop'),
    nullClass: said('null_class'),
    names: said('classes'),
    unet: said('unet'),
  };
  if (!about.image || !about.scheduler) {
    throw new Error(`${name}: expected a model that ddpm4j wrote, found no ddpm4j.image and ` +
        'ddpm4j.scheduler in its metadata');
  }
  try {
    if (!about.loop) {
      checkScheduler(about.scheduler);
    }
  } catch (error) {
    throw new Error(`${name}: ${error.message}: export it with --sampler, and its own method runs here`);
  }
  const files = externalFiles(bytes);
  const externalData =
      await Promise.all(files.map(async path => ({path, data: await read(path)})));
  let session;
  try {
    session = await ort.InferenceSession.create(bytes, files.length > 0 ? {externalData} : {});
    return about.loop ? new LoopModel(ort, session, about) : new NetworkModel(ort, session, about);
  } catch (error) {
    await session?.release();
    throw new Error(`${name}: ${error.message}`);
  }
}

/**
 * The classes that can be chosen: names by label; null where a label is asked for whose limits
 * nothing tells.
 */
function classesOf({names, nullClass, unet}, isConditional) {
  if (!isConditional) {
    return [];
  }
  if (names) {
    return names;
  }
  const count = nullClass ?? unet?.num_class_embeds;
  return count ? Array.from({length: count}, (_, label) => String(label)) : null;
}

/** A network, sampled from by DDIM. */
class NetworkModel {
  #predictor;
  #scheduler;

  constructor(ort, session, about) {
    this.#predictor = new Predictor(ort, session, about.image);
    this.#scheduler = about.scheduler;
    const {isConditional} = this.#predictor;
    this.image = about.image;
    this.nullClass = isConditional ? about.nullClass : null;
    this.classes = classesOf(about, isConditional);
    this.isGuided = this.nullClass !== null;
    this.timesteps = alphasCumprod(about.scheduler).length;
    this.steps = null; // as many as are asked for
    this.most = null; // any number of images
    this.method = 'ddim';
  }

  /**
   * Images as (N, C, H, W).
   *
   * @param seed BigInt
   * @param label of all images, null for no class
   * @param onStep is told after each step how many are done, and the images as they are
   */
  sample({images, steps, seed, label, guidance, onStep}) {
    const size = this.#predictor.imageSize;
    const x = new Float32Array(images * size);
    for (let k = 0; k < images; k++) {
      x.set(imageNoise(seed, k, 0, size), k * size);
    }
    return ddim(this.#predict(images, label, guidance), this.#scheduler, {
      x, images, steps, onStep: done => onStep(done, steps, x),
    });
  }

  #predict(images, label, guidance) {
    const told = each => this.#predictor.with({labels: Array(images).fill(each)});
    return label === null
      ? told(this.nullClass ?? 0)
      : guidance === 1 || !this.isGuided
        ? told(label)
        : guided(told(label), told(this.nullClass), guidance);
  }

  release() {
    return this.#predictor.release();
  }
}

/** A sampling loop, which is called once. */
class LoopModel {
  #loop;

  constructor(ort, session, about) {
    this.#loop = new Loop(ort, session, about.image, about.nullClass);
    const {isConditional, isGuided, most} = this.#loop;
    this.image = {...about.image, value_range: [-1, 1]};
    this.nullClass = isConditional ? about.nullClass : null;
    this.classes = classesOf(about, isConditional);
    this.isGuided = isGuided;
    this.timesteps = about.loop.steps;
    this.steps = about.loop.steps;
    this.most = most;
    this.method = about.loop.sampler;
  }

  /** Images as (N, C, H, W); nothing is told before the end. */
  sample(request) {
    return this.#loop.sample(request);
  }

  release() {
    return this.#loop.release();
  }
}
