/**
 * Pixels and what they are kept in: batches of images, grids, PNG files, NumPy arrays. Depends on
 * no other package of the project; trainers use it too. Draws no text by Java2D, since a headless
 * machine may have no fonts.
 */
package io.ddpm4j.runtime.image;
