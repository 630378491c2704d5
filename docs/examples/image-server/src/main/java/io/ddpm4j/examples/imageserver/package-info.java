/**
 * An HTTP server that generates images: what a service around {@link
 * io.ddpm4j.runtime.DiffusionPipeline} needs, on the JDK alone. {@code ImageService} bounds the
 * work, {@code ImageServer} speaks HTTP.
 */
package io.ddpm4j.examples.imageserver;
