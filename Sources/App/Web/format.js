/** Times and numbers as people read them, in the browser's language. */

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const short = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: '2-digit' });
const number = new Intl.NumberFormat();

export const clock = (at) => time.format(new Date(at));
export const dateTime = (at) => full.format(new Date(at));
export const date = (at) => dateOnly.format(new Date(at));
export const count = (value) => number.format(value);

/** How many days before today; a day may have 23 or 25 hours. */
function daysAgo(date) {
    return Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
}

/** The heading over a day's messages. */
export function dayName(at) {
    const date = new Date(at);
    const ago = daysAgo(date);
    if (ago <= 0) return 'Today';
    if (ago === 1) return 'Yesterday';
    if (ago < 7) return weekday.format(date);
    return date.getFullYear() === new Date().getFullYear() ? day.format(date) : dayAndYear.format(date);
}

/** When a conversation was last active, in a few characters. */
export function brief(at) {
    const date = new Date(at);
    const ago = daysAgo(date);
    if (ago <= 0) return time.format(date);
    return ago === 1 ? 'Yesterday' : short.format(date);
}

/** How long ago, in words. */
export function ago(at) {
    const seconds = Math.max(0, (Date.now() - new Date(at)) / 1_000);
    if (seconds < 60) return 'just now';
    const [size, unit] = seconds < 3_600 ? [60, 'minute'] : seconds < 86_400 ? [3_600, 'hour'] : [86_400, 'day'];
    const amount = Math.floor(seconds / size);
    return `${amount} ${unit}${amount === 1 ? '' : 's'} ago`;
}

/** `1 member`, `2 members`. */
export const plural = (amount, noun) => `${number.format(amount)} ${noun}${amount === 1 ? '' : 's'}`;

/** The number of characters as the server counts them. */
export const characters = (text) => [...text].length;
