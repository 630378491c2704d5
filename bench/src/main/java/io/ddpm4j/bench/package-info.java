/** Benchmarks: programs that a script compares with PyTorch, and JMH for what has no peer. */
package io.ddpm4j.bench;
