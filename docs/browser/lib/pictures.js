const OPAQUE = 255;

/**
 * Draws images side by side.
 *
 * @param canvas takes their size, one canvas pixel for each of theirs
 * @param x all images, (N, C, H, W)
 * @param range what black and white are in x
 */
export function drawGrid(canvas, x, {channels, height, width, value_range: range = [-1, 1]}) {
  const size = channels * height * width;
  const count = x.length / size;
  const columns = Math.ceil(Math.sqrt(count));
  const gap = 1;
  canvas.width = columns * (width + gap) - gap;
  canvas.height = Math.ceil(count / columns) * (height + gap) - gap;
  const context = canvas.getContext('2d');
  const [black, white] = range;
  for (let n = 0; n < count; n++) {
    const picture = context.createImageData(width, height);
    for (let p = 0; p < height * width; p++) {
      for (let c = 0; c < 3; c++) {
        const value = x[n * size + Math.min(c, channels - 1) * height * width + p];
        picture.data[4 * p + c] = Math.round(255 * (value - black) / (white - black)); // clamps
      }
      picture.data[4 * p + 3] = OPAQUE;
    }
    context.putImageData(
        picture, n % columns * (width + gap), Math.floor(n / columns) * (height + gap));
  }
}

/** A picture of any size as pixels (C, H, W), from 0 for black to 255. */
export function toPixels(picture, {channels, height, width}) {
  const small = new OffscreenCanvas(width, height);
  const context = small.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  const {data} = context.getImageData(0, 0, width, height);
  return Uint8Array.from(
      {length: channels * height * width},
      (_, i) => data[4 * (i % (height * width)) + Math.floor(i / (height * width)) % 3]);
}

/**
 * Draws a LossCurve from 0 up: a bar from the lowest to the highest loss of each point, and the
 * running mean.
 */
export function drawCurve(canvas, curve) {
  const {width, height} = canvas;
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, width, height);
  if (curve.steps === 0) {
    return;
  }
  const top = curve.points.reduce((highest, {high}) => Math.max(highest, high), 0) * 1.05 || 1;
  const y = loss => height - loss / top * height;
  context.fillStyle = '#6aa';
  curve.points.forEach(({low, high}, i) =>
    context.fillRect(curve.place(i) * width - 1.5, y(high) - 1.5, 3, y(low) - y(high) + 3));
  context.strokeStyle = '#055';
  context.lineWidth = 2;
  context.beginPath();
  curve.points.forEach(({mean}, i) => context.lineTo(curve.place(i) * width, y(mean)));
  context.stroke();
  context.fillStyle = '#000';
  context.font = '12px sans-serif';
  context.fillText(top.toPrecision(2), 2, 12);
}
