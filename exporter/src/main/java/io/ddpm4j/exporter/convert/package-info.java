/** Other people's checkpoint formats. Depends on {@code graph} and {@code nn} only. */
package io.ddpm4j.exporter.convert;
