// Figures count only between engines that compute the same: their outputs and losses are compared before anything is timed.

export class CheckError extends Error {}

/**
 * Within 1e-3, of the largest value if that is above 1.
 * @param {{ output: number[] }} own @param {{ output: number[] }} rival
 * @throws CheckError
 */
export function sameOutput(own, rival) {
  if (own.output.length !== rival.output.length)
    throw new CheckError(`outputs have ${own.output.length} and ${rival.output.length} values`)
  let largest = 0
  let difference = 0
  let total = 0
  own.output.forEach((value, i) => {
    const apart = Math.abs(value - rival.output[i])
    // NaN must not slip through a comparison.
    difference = Number.isNaN(apart) ? Infinity : Math.max(difference, apart)
    largest = Math.max(largest, Math.abs(value))
    total += Math.abs(value)
  })
  if (total / own.output.length < 1e-3) throw new CheckError('the outputs are too small to tell engines apart')
  if (!(difference <= 1e-3 * Math.max(1, largest)))
    throw new CheckError(
      `outputs differ by ${difference.toExponential(2)}, the largest value is ${largest.toPrecision(4)}`,
    )
}

/**
 * The first loss within 1e-3, those after updates within 1e-2 of the first: the engines' Adam rounds differently near zero.
 * @param {{ losses: number[] }} own @param {{ losses: number[] }} rival
 * @throws CheckError
 */
export function sameLosses(own, rival) {
  const show = (losses) => losses.map((loss) => loss.toPrecision(6)).join(', ')
  const fits = own.losses.every(
    (loss, i) => Math.abs(loss - rival.losses[i]) <= (i === 0 ? 1e-3 : 1e-2) * Math.abs(own.losses[0]),
  )
  if (own.losses.length !== rival.losses.length || !fits)
    throw new CheckError(`losses of the first steps differ: ${show(own.losses)} and ${show(rival.losses)}`)
  if (!(own.losses.at(-1) < own.losses[0])) throw new CheckError(`the loss does not fall: ${show(own.losses)}`)
}

/**
 * The means of the first pictures within 2 levels: decoders and filters differ a little.
 * @param {{ output: number[] }} own @param {{ output: number[] }} rival
 * @throws CheckError
 */
export function samePictures(own, rival) {
  const fits =
    own.output.length === rival.output.length && own.output.every((mean, i) => Math.abs(mean - rival.output[i]) <= 2)
  if (!fits) throw new CheckError('the pictures differ')
}
