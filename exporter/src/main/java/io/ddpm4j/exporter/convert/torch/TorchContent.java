package io.ddpm4j.exporter.convert.torch;

/**
 * What a file holds, in whichever of the two formats.
 *
 * @param root the object that was saved
 * @param storages what its tensors are views of
 * @param pickleBytes the length of the pickle, to which the number of its values is proportional
 */
record TorchContent(Object root, Storages storages, long pickleBytes) {}
