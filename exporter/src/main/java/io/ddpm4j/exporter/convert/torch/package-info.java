/**
 * Reads PyTorch's checkpoint files without PyTorch and without executing anything: {@link
 * io.ddpm4j.exporter.convert.torch.TorchFile}. A pickle is a program; the {@code Unpickler} runs
 * only the part of its language that builds lists, dictionaries, numbers and tensors, and refuses
 * the rest by name ({@code Globals}).
 */
package io.ddpm4j.exporter.convert.torch;
