package io.ddpm4j.trainer.loop;

/**
 * What a run is about to do.
 *
 * @param dataset the data set's description
 * @param images in the data set
 * @param parameters of the network
 * @param firstStep the step that comes next, from 1
 * @param steps steps in all
 */
public record RunSummary(String dataset, int images, long parameters, long firstStep, long steps) {}
