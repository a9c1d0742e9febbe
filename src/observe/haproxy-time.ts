// HAProxy's time of day, `25/Nov/2026:11:38:33.023`, in the machine's own zone. Made cheap for lines that come many a
// second: only the milliseconds of a second are new.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A formatter of milliseconds since 1970, with a memory of one second. */
export function haproxyTime(): (ms: number) => string {
  let second = Number.NaN;
  let text = '';
  return (ms) => {
    const whole = Math.floor(ms / 1000);
    if (whole !== second) {
      second = whole;
      const date = new Date(whole * 1000);
      const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
      text = `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.`;
    }
    return text + String(1000 + Math.floor(ms - whole * 1000)).slice(1);
  };
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
