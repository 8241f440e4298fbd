/** Fails a test where two values don't have the same JSON. */
export function equal(found, wanted, what = '') {
    const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (left !== right) throw new Error(`${what} is ${left}, not ${right}`);
}

export function holds(condition, what) {
    if (!condition) throw new Error(`not so: ${what}`);
}

/** Lets everything run that waits for nothing but its turn. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Lets things run until something is so. */
export async function until(condition, what) {
    for (let turn = 0; turn < 200 && !condition(); turn += 1) await settle();
    holds(condition(), what);
}

export const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
