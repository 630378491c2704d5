package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/**
 * The standard normal distribution's inverse, by algorithm AS 241 (PPND16, Wichura 1988), in
 * double: a rational function in the middle and two in the tails. Coefficients stand from the
 * highest power down.
 */
final class InverseNormal {
  private static final double[] A = {
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
    4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
    1.3314166789178437745e2, 3.3871328727963666080e0
  };
  private static final double[] B = {
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
    2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
    4.2313330701600911252e1, 1
  };
  private static final double[] C = {
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
    1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
    4.63033784615654529590e0, 1.42343711074968357734e0
  };
  private static final double[] D = {
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
    1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
    2.05319162663775882187e0, 1
  };
  private static final double[] E = {
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
    2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
    5.46378491116411436990e0, 6.65790464350110377720e0
  };
  private static final double[] F = {
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
    7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
    5.99832206555887937690e-1, 1
  };

  private InverseNormal() {}

  /** Of probabilities above 0 and below 1, double. */
  static Value of(Ops ops, Value p) {
    Value q = ops.add(p, -0.5);
    Value r = ops.sub(0.180625, ops.mul(q, q));
    Value middle = ops.div(ops.mul(q, polynomial(ops, A, r)), polynomial(ops, B, r));
    Value far = ops.sqrt(ops.neg(ops.log(ops.min(p, ops.sub(1, p)))));
    Value near = ratio(ops, C, D, ops.add(far, -1.6));
    Value beyond = ratio(ops, E, F, ops.add(far, -5));
    Value tail = ops.where(ops.less(far, ops.scalar(5, far)), near, beyond);
    Value signed = ops.where(ops.less(q, ops.scalar(0, q)), ops.neg(tail), tail);
    return ops.where(ops.less(ops.scalar(0.425, q), ops.abs(q)), signed, middle);
  }

  private static Value ratio(Ops ops, double[] above, double[] below, Value r) {
    return ops.div(polynomial(ops, above, r), polynomial(ops, below, r));
  }

  private static Value polynomial(Ops ops, double[] coefficients, Value r) {
    Value sum = ops.mul(r, coefficients[0]);
    for (int k = 1; k < coefficients.length - 1; k++) {
      sum = ops.mul(ops.add(sum, coefficients[k]), r);
    }
    return ops.add(sum, coefficients[coefficients.length - 1]);
  }
}
