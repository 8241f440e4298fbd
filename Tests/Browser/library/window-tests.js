import { MessageWindow } from '/message-window.js';
import { equal, frames, holds } from './expect.js';

const height = (index) => 30 + ((index * 37) % 90);
const itemsFrom = (first, count) => Array.from({ length: count }, (_, index) => ({ key: `k${first + index}`, index: first + index }));

function open(reports = []) {
    const scroller = document.createElement('div');
    scroller.className = 'log';
    scroller.style.cssText = 'position: static; height: 500px; width: 400px';
    document.body.replaceChildren(scroller);
    const list = new MessageWindow(scroller, {
        make: () => document.createElement('div'),
        update: (node, item) => {
            node.dataset.key = item.key;
            node.textContent = item.key;
            node.style.height = `${item.height ?? height(item.index)}px`;
        },
        onScroll: (state) => reports.push(state),
    });
    return { scroller, list, shown: () => [...scroller.querySelectorAll('[data-key]')] };
}

const place = (scroller, key) => {
    const node = scroller.querySelector(`[data-key="${key}"]`);
    return node ? node.getBoundingClientRect().top - scroller.getBoundingClientRect().top : null;
};

const middle = (scroller) =>
    [...scroller.querySelectorAll('[data-key]')].find((node) => node.getBoundingClientRect().bottom > scroller.getBoundingClientRect().top + 200).dataset.key;

async function scrollBy(scroller, distance) {
    scroller.scrollTop += distance;
    await frames();
}

export const tests = {
    async 'of 10,000 messages only some are in the page, the last ones first'() {
        const { list, scroller, shown } = open();
        list.setItems(itemsFrom(0, 10_000));
        await frames();
        holds(shown().length < 80, `${shown().length} elements`);
        equal(shown().at(-1).dataset.key, 'k9999');
        holds(Math.abs(scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop) < 2, 'it is at the end');
        list.close();
    },
    async 'scrolling up never moves what is read'() {
        const { list, scroller } = open();
        list.setItems(itemsFrom(0, 10_000));
        await frames();
        for (let round = 0; round < 120; round += 1) {
            const key = middle(scroller);
            const before = place(scroller, key);
            await scrollBy(scroller, -170);
            const after = place(scroller, key);
            holds(Math.abs(after - before - 170) < 2, `round ${round}: ${key} went from ${before} to ${after}`);
        }
        list.close();
    },
    async 'older messages come in above without a jump'() {
        const { list, scroller } = open();
        list.setItems(itemsFrom(9_000, 1_000));
        await frames();
        for (let first = 8_950; first > 8_000; first -= 50) {
            await scrollBy(scroller, -400);
            const key = middle(scroller);
            const before = place(scroller, key);
            list.setItems(itemsFrom(first, 10_000 - first));
            await frames();
            holds(Math.abs(place(scroller, key) - before) < 2, `${key} stays`);
        }
        list.close();
    },
    async 'at the end it stays at the end, elsewhere it stays there'() {
        const { list, scroller, shown } = open();
        list.setItems(itemsFrom(0, 200));
        await frames();
        list.setItems(itemsFrom(0, 201));
        await frames();
        equal(shown().at(-1).dataset.key, 'k200');
        holds(list.isAtEnd, 'it is at the end');
        await scrollBy(scroller, -900);
        holds(!list.isAtEnd, 'it is not at the end');
        const key = middle(scroller);
        const before = place(scroller, key);
        list.setItems(itemsFrom(0, 230));
        await frames();
        holds(Math.abs(place(scroller, key) - before) < 2, 'it stays');
        list.close();
    },
    async 'a message above that grows moves nothing'() {
        const { list, scroller, shown } = open();
        const items = itemsFrom(0, 300);
        list.setItems(items);
        await frames();
        await scrollBy(scroller, -3_000);
        const key = middle(scroller);
        const before = place(scroller, key);
        const grown = Number(shown()[0].dataset.key.slice(1));
        list.setItems(items.map((item) => (item.index === grown ? { ...item, height: 400 } : item)));
        await frames();
        holds(Math.abs(place(scroller, key) - before) < 2, 'it stays');
        list.close();
    },
    async 'any message can be brought into view'() {
        const { list, scroller } = open();
        list.setItems(itemsFrom(0, 10_000));
        await frames();
        for (const key of ['k5000', 'k0', 'k9999', 'k4999']) {
            list.reveal(key);
            await frames();
            const top = place(scroller, key);
            holds(top !== null && top >= -2 && top < 500, `${key} is at ${top}`);
        }
        list.close();
    },
    async 'a change of width keeps the place'() {
        const { list, scroller } = open();
        list.setItems(itemsFrom(0, 1_000));
        await frames();
        await scrollBy(scroller, -5_000);
        const key = middle(scroller);
        const before = place(scroller, key);
        scroller.style.width = '300px';
        await frames();
        await frames();
        holds(Math.abs(place(scroller, key) - before) < 2, 'it stays');
        list.close();
    },
};
