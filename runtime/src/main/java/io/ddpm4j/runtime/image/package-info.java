/**
 * Pixels: batches of images, grids, PNG files. Depends on no other package of the project; trainers
 * use it too. Draws no text by Java2D, since a headless machine may have no fonts.
 */
package io.ddpm4j.runtime.image;
