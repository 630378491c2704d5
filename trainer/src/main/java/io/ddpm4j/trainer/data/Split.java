package io.ddpm4j.trainer.data;

/** Which part of a data set that comes in two. */
public enum Split {
  /** The images to train on. */
  TRAIN,
  /** The images kept aside to measure with. */
  TEST
}
