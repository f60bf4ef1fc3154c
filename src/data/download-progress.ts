// What a download says on stderr: one line that is rewritten in a terminal, a line now and then elsewhere.

export interface DownloadProgress {
  readonly url: string
  /** Bytes that are on the disk, and the number expected; null if the server does not say. */
  readonly received: number
  readonly total: number | null
  /** Bytes a second since the download began or was resumed. */
  readonly speed: number
  /** Seconds until the end; null if they cannot be estimated. */
  readonly remaining: number | null
  readonly done: boolean
}

interface Output {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/** `1.2 GB`, as download pages count: powers of ten. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]!}`
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`
}

/** The text of one state: `cats.zip: 12.0 MB of 786.7 MB (1 %), 3.4 MB/s, 3 min 48 s left`. */
export function progressLine(name: string, { received, total, speed, remaining, done }: DownloadProgress): string {
  const amount =
    total === null
      ? formatBytes(received)
      : `${formatBytes(received)} of ${formatBytes(total)} (${total === 0 ? 100 : Math.floor((100 * received) / total)} %)`
  const rest = done || remaining === null ? '' : `, ${formatSeconds(remaining)} left`
  return `${name}: ${amount}${speed > 0 ? `, ${formatBytes(Math.round(speed))}/s` : ''}${rest}`
}

/** A listener that writes progress: at most 12 times a second in a terminal, else at every tenth of the whole. */
export function progressPrinter(name: string, output: Output = process.stderr): (progress: DownloadProgress) => void {
  let last = -Infinity
  let tenths = -1
  return (progress) => {
    const line = progressLine(name, progress)
    if (output.isTTY === true) {
      const now = performance.now()
      if (!progress.done && now - last < 1000 / 12) return
      last = now
      output.write(`\r\x1b[K${line.slice(0, Math.max(1, (output.columns ?? 80) - 1))}${progress.done ? '\n' : ''}`)
      return
    }
    // Without a known total: one line for every 50 MB.
    const step = progress.total ? progress.total / 10 : 50e6
    const reached = Math.floor(progress.received / step)
    if (!progress.done && reached <= tenths) return
    tenths = reached
    output.write(`${line}\n`)
  }
}
