package io.ddpm4j.exporter.convert.torch;

/**
 * What a file holds, in whichever of the two formats.
 *
 * @param root the object that was saved
 * @param storages what its tensors are views of
 */
record TorchContent(Object root, Storages storages) {}
