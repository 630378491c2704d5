package io.ddpm4j.runtime.model;

/**
 * What there is to know of an opened model. Owns nothing.
 *
 * @param name its file as it was named, for messages
 * @param signature inputs and outputs by role
 * @param metadata what the file says about itself
 */
public record ModelDescription(String name, ModelSignature signature, ModelMetadata metadata) {}
