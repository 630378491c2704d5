package io.ddpm4j.trainer.evaluate.features;

import java.util.Optional;

/**
 * What a feature network says of some images, a row for each.
 *
 * @param features (n, d)
 * @param logits (n, classes); empty if the network has no output of that name beside the features
 */
public record NetworkOutput(Features features, Optional<Features> logits) {}
