package io.ddpm4j.runtime.likelihood;

/**
 * The terms of the variational bound of some images, in bits per dimension. Index i is timestep i
 * of the schedule that was evaluated: 0 is the decoder's, L_0.
 */
public final class BoundTerms {
  private final int steps;
  private final double[] prior; // (images)
  private final double[] terms; // (images, steps), likewise the others
  private final double[] x0Errors;
  private final double[] epsilonErrors;

  /** Takes the arrays over. */
  BoundTerms(int steps, double[] prior, double[] terms, double[] x0Errors, double[] epsilonErrors) {
    this.steps = steps;
    this.prior = prior;
    this.terms = terms;
    this.x0Errors = x0Errors;
    this.epsilonErrors = epsilonErrors;
  }

  /** How many images. */
  public int images() {
    return prior.length;
  }

  /** How many timesteps. */
  public int steps() {
    return steps;
  }

  /** L_T: the divergence of q(x_T | x_0) from N(0, I). */
  public double prior(int image) {
    return prior[image];
  }

  /** L_0 for index 0, else the divergence L_{t-1} of index t (Ho et al. 2020, eq. 5). */
  public double term(int image, int index) {
    return terms[at(image, index)];
  }

  /** The mean squared error of the predicted x_0, clipped where that was asked for. */
  public double x0Error(int image, int index) {
    return x0Errors[at(image, index)];
  }

  /** The mean squared error of the ε that belongs to that x_0. */
  public double epsilonError(int image, int index) {
    return epsilonErrors[at(image, index)];
  }

  /** L_T and all terms: an upper bound of -log₂ p(x_0) per dimension. */
  public double total(int image) {
    double sum = prior(image);
    for (int index = steps - 1; index >= 0; index--) {
      sum += term(image, index);
    }
    return sum;
  }

  private int at(int image, int index) {
    java.util.Objects.checkIndex(index, steps);
    return image * steps + index;
  }
}
