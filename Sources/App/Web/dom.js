/** Makes elements without a word of HTML: whatever people write stays text. */

import { paths } from './icons.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `dataset`, `on` (listeners by event), attributes with `-` or `role`, else properties
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any} the element
 */
export function element(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null) continue;
        if (name === 'class') node.className = value;
        else if (name === 'dataset') Object.assign(node.dataset, value);
        else if (name === 'on') for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
        else if (name.includes('-') || !(name in node)) node.setAttribute(name, value === true ? '' : value);
        else node[name] = value;
    }
    return fill(node, ...children);
}

/** Gives an element these children alone; what is null or false is left out. */
export function fill(node, ...children) {
    node.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

/** As `element`, in SVG's namespace: all properties are attributes. */
export function shape(tag, attributes = {}, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
    node.append(...children);
    return node;
}

/** A drawing of `icons.js`; it says nothing to screen readers. */
export function icon(name) {
    return shape('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, shape('path', { d: paths[name] }));
}

/** A button that shows an icon and is named by `label`. */
export function iconButton(name, label, onClick, properties = {}) {
    return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, on: { click: onClick }, ...properties }, icon(name));
}

/** A round picture of a name: its initials on a colour of its own. */
export function avatar(name, id, status) {
    const initials = [...name.replace(/[_.-]+/g, ' ').trim()].slice(0, 1).join('') || '?';
    let tone = 0;
    for (const character of id) tone = (tone * 31 + character.charCodeAt(0)) % 8;
    return element(
        'span',
        { class: `avatar tone-${tone}`, 'aria-hidden': 'true' },
        element('span', {}, initials.toUpperCase()),
        status && element('span', { class: `presence-dot ${status}` }),
    );
}

let lastWords;

/** Lets screen readers say something without moving the focus. */
export function announce(text) {
    const region = document.getElementById('announcer');
    clearTimeout(lastWords);
    region.textContent = '';
    // A change from empty is heard even where the words are the same.
    lastWords = setTimeout(() => (region.textContent = text), 50);
}

/** Calls `call` once, `ms` after the last of several calls. */
export function debounced(ms, call) {
    let timer;
    return (...values) => {
        clearTimeout(timer);
        timer = setTimeout(() => call(...values), ms);
    };
}
