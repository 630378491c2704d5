package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The methods that integrate over σ or continuous time: if the data are N(0, s²), the best network
 * is known and linear in x, and every method run with it must return standard deviation s. Left out
 * is what biases the reference by design: churn after the model's call, levels that do not belong
 * to their timesteps (log_linear), fresh noise on a mean (stochastic flow).
 */
class SigmaSamplersTest {
  private static final int STEPS = 100;
  private static final double S = 0.7;
  private static final int SEED = 5;

  @ParameterizedTest
  @CsvSource({
    "EulerDiscreteScheduler, epsilon, ''",
    "EulerDiscreteScheduler, v_prediction, ''",
    "EulerDiscreteScheduler, sample, use_karras_sigmas",
    "EulerDiscreteScheduler, v_prediction, timestep_type=continuous",
    "EulerDiscreteScheduler, v_prediction, rescale_betas_zero_snr",
    "EulerAncestralDiscreteScheduler, epsilon, ''",
    "EulerAncestralDiscreteScheduler, v_prediction, ''",
    "HeunDiscreteScheduler, epsilon, ''",
    "HeunDiscreteScheduler, v_prediction, use_exponential_sigmas",
    "HeunDiscreteScheduler, sample, use_karras_sigmas",
    "KDPM2DiscreteScheduler, epsilon, ''",
    "KDPM2DiscreteScheduler, v_prediction, use_exponential_sigmas",
    "KDPM2AncestralDiscreteScheduler, epsilon, ''",
    "KDPM2AncestralDiscreteScheduler, v_prediction, use_exponential_sigmas",
    "LMSDiscreteScheduler, epsilon, ''",
    "LMSDiscreteScheduler, v_prediction, lms_order=6",
    "LMSDiscreteScheduler, sample, use_karras_sigmas",
    "DPMSolverSDEScheduler, epsilon, use_exponential_sigmas",
    "DPMSolverSDEScheduler, v_prediction, use_karras_sigmas",
    "EDMEulerScheduler, epsilon, ''",
    "EDMEulerScheduler, v_prediction, rho=5",
    "EDMEulerScheduler, epsilon, sigma_schedule=exponential",
    "CMStochasticIterativeScheduler, '', num_train_timesteps=200",
    "IPNDMScheduler, '', ''",
    "FlowMatchEulerDiscreteScheduler, '', shift=3",
    "FlowMatchHeunDiscreteScheduler, '', shift=3",
    "ScoreSdeVeScheduler, '', correct_steps=2",
  })
  void normalDataComeOutWithTheirStandardDeviation(
      String className, String prediction, String setting) {
    SchedulerConfig config = SchedulerConfig.of(className);
    if (!prediction.isEmpty()) {
      config = config.with("prediction_type", prediction);
    }
    config = set(config, setting);
    if (className.startsWith("CM")) {
      config = config.with("clip_denoised", false);
    }
    NoiseSchedule schedule = config.noiseSchedule();
    SamplingRun run = SamplingRun.builder(64, 3, 4, 4).seed(SEED).build();
    Samplers.of(config).withSteps(STEPS).sample(BestNetwork.of(config, schedule, S), schedule, run);
    double squares = 0;
    for (float value : run.x()) {
      squares += (double) value * value;
    }
    double deviation = Math.sqrt(squares / run.x().length);
    assertEquals(S, deviation, 0.05 * S, "seed " + SEED);
  }

  private static SchedulerConfig set(SchedulerConfig config, String setting) {
    String[] parts = setting.split("=");
    if (setting.isEmpty()) {
      return config;
    }
    if (parts.length == 1) {
      return config.with(setting, true);
    }
    return parts[1].matches("\\d+")
        ? config.with(parts[0], Integer.parseInt(parts[1]))
        : config.with(parts[0], parts[1]);
  }

  @ParameterizedTest
  @CsvSource({
    "EulerDiscreteScheduler, 'use_karras_sigmas use_beta_sigmas', use_karras_sigmas",
    "EulerDiscreteScheduler, 'timestep_type=sometimes', timestep_type",
    "EulerDiscreteScheduler, 'interpolation_type=cubic', interpolation_type",
    "EulerDiscreteScheduler, 'final_sigmas_type=none', final_sigmas_type",
    "EulerDiscreteScheduler, 'sigma_min=3 sigma_max=2', sigma_min",
    "EulerAncestralDiscreteScheduler, prediction_type=sample, prediction_type",
    "KDPM2DiscreteScheduler, prediction_type=sample, prediction_type",
    "DPMSolverSDEScheduler, prediction_type=sample, prediction_type",
    "DPMSolverSDEScheduler, noise_sampler_seed=3, noise_sampler_seed",
    "LMSDiscreteScheduler, lms_order=0, lms_order",
    "EDMEulerScheduler, prediction_type=sample, prediction_type",
    "EDMEulerScheduler, sigma_max=0, sigma_min",
    "FlowMatchEulerDiscreteScheduler, use_dynamic_shifting, mu",
    "FlowMatchEulerDiscreteScheduler, shift=0, shift",
    "FlowMatchEulerDiscreteScheduler, shift_terminal=2, shift_terminal",
    "ScoreSdeVeScheduler, snr=0, snr",
  })
  void aWrongSettingIsRefusedBySayingWhatWasExpected(
      String className, String settings, String field) {
    SchedulerConfig config = SchedulerConfig.of(className);
    for (String setting : settings.split(" ")) {
      config = set(config, setting);
    }
    SchedulerConfig wrong = config;
    Exception e = assertThrows(IllegalArgumentException.class, () -> Samplers.of(wrong));
    assertTrue(e.getMessage().matches(field + ": expected .*, found .*"), e.getMessage());
  }

  @Test
  void weightsIntegratePolynomialsExactly() {
    double[] nodes = {2, 3, 4.5, 7};
    double[] weights = Lagrange.integrals(nodes, 0.5);
    for (int power = 0; power < nodes.length; power++) {
      double sum = 0;
      for (int k = 0; k < nodes.length; k++) {
        sum += weights[k] * Math.pow(nodes[k], power);
      }
      int p = power + 1;
      double exact = (Math.pow(0.5, p) - Math.pow(2, p)) / p;
      assertEquals(exact, sum, 1e-12 * Math.abs(exact), "x^" + power);
    }
  }

  @Test
  void flowLevelsGivenOneByOneAreShiftedAndTimestepsKept() {
    SchedulerConfig config =
        SchedulerConfig.of("FlowMatchEulerDiscreteScheduler")
            .with("shift", 3)
            .with("sigmas", 1, 0.5)
            .with("timesteps", 900, 400);
    var grid = Samplers.of(config).grid(config.noiseSchedule());
    assertArrayEquals(new double[] {1, 0.75, 0}, grid.sigmas(), 1e-15);
    assertArrayEquals(new double[] {900, 400}, grid.timesteps());
  }

  @Test
  void trainedBetasAreTheLevelsOfIpndm() {
    SchedulerConfig config = SchedulerConfig.of("IPNDMScheduler").withTrainedBetas(0.9, 0.5, 0.1);
    double[] timesteps = Samplers.of(config).grid(config.noiseSchedule()).timesteps();
    assertArrayEquals(new double[] {Math.asin(0.9) * 2 / Math.PI, 1 / 3.0}, timesteps, 1e-14);
  }
}
