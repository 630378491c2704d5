/** See docs/architecture.md. */
package io.ddpm4j.cli;
