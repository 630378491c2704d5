package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.SampleQuality;
import java.util.Optional;

/**
 * How a set of images compares with real ones, over the features of a network.
 *
 * @param scores by all measures
 * @param classes how often the network sees the class that was asked for; empty where it is no
 *     classifier of the images' classes. In the order of the network's classes
 */
public record Quality(SampleQuality scores, Optional<ClassAccuracy> classes) {}
