/** Charts as SVG, each with its figures as a table for those who don't see it. */

import { element, shape } from './dom.js';
import { clock, count, dateTime } from './format.js';

const WIDTH = 460;
const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 26;
const TOP = 12;
const RIGHT = 10;

/** @param {{title: string, lines: {name: string, points: {x: Date, y: number}[]}[]}} chart all lines have the same times */
export function lineChart({ title, lines }) {
    const times = lines[0].points.map(({ x }) => x.getTime());
    const top = niceTop(Math.max(1, ...lines.flatMap(({ points }) => points.map(({ y }) => y))));
    const first = times[0] ?? 0;
    const span = Math.max(1, (times.at(-1) ?? 0) - first);
    const across = (time) => LEFT + ((time - first) / span) * (WIDTH - LEFT - RIGHT);
    const svg = frame(summary(title, lines), top);
    const labels = times.length > 1 ? 4 : 0;
    for (let index = 0; index < labels; index += 1) {
        const time = first + (span * index) / (labels - 1);
        const anchor = index === 0 ? 'start' : index === labels - 1 ? 'end' : 'middle';
        svg.append(text(across(time), HEIGHT - 8, timeName(time, span), anchor));
    }
    lines.forEach(({ points }, index) => {
        if (points.length === 0) return;
        const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${round(across(x.getTime()))} ${round(up(y, top))}`).join('');
        if (index === 0) {
            svg.append(shape('path', { class: 'area', d: `${path}L${round(across(times.at(-1)))} ${up(0, top)}L${round(across(times[0]))} ${up(0, top)}Z` }));
        }
        svg.append(shape('path', { class: `line line-${index}`, d: path }));
    });
    const legend = lines.length > 1
        && element('p', { class: 'legend', 'aria-hidden': 'true' }, ...lines.map(({ name }, index) => element('span', { class: `key-${index}` }, name)));
    return figure(title, svg, legend, ['Time', ...lines.map(({ name }) => name)], times.map((time, at) => [dateTime(time), ...lines.map(({ points }) => count(points[at].y))]));
}

/** @param {{title: string, unit: string, bars: {label: string, value: number}[]}} chart */
export function barChart({ title, unit, bars }) {
    const top = niceTop(Math.max(1, ...bars.map(({ value }) => value)));
    const most = bars.reduce((best, bar) => (bar.value > best.value ? bar : best), { label: '', value: 0 });
    const svg = frame(most.value > 0 ? `${title}. Most: ${most.label}, ${count(most.value)} ${unit}.` : `${title}. Nothing yet.`, top);
    const slot = (WIDTH - LEFT - RIGHT) / Math.max(1, bars.length);
    const every = bars.length > 12 ? 3 : 1;
    bars.forEach(({ label, value }, index) => {
        const height = up(0, top) - up(value, top);
        const bar = shape('rect', { class: 'bar', x: round(LEFT + slot * index + slot * 0.15), y: round(up(value, top)), width: round(slot * 0.7), height: round(height), rx: 2 });
        bar.append(shape('title', {}, `${label}: ${count(value)} ${unit}`));
        svg.append(bar);
        if (index % every === 0) svg.append(text(LEFT + slot * (index + 0.5), HEIGHT - 8, label, 'middle'));
    });
    return figure(title, svg, null, ['', unit[0].toUpperCase() + unit.slice(1)], bars.map(({ label, value }) => [label, count(value)]));
}

function frame(label, top) {
    const svg = shape('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
    const steps = top < 4 ? top : 4;
    for (let step = 0; step <= steps; step += 1) {
        const value = (top * step) / steps;
        const y = up(value, top);
        svg.append(shape('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }), text(LEFT - 8, y + 4, count(value), 'end'));
    }
    return svg;
}

function figure(title, svg, legend, columns, rows) {
    return element(
        'figure',
        { class: 'card' },
        element('figcaption', {}, title),
        legend,
        svg,
        element(
            'details',
            {},
            element('summary', {}, 'Show as a table'),
            element(
                'div',
                { class: 'table-scroll', tabIndex: 0, role: 'region', 'aria-label': `${title}, as a table` },
                element(
                    'table',
                    { class: 'table' },
                    element('caption', { class: 'visually-hidden' }, title),
                    element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))),
                    element('tbody', {}, ...rows.map(([head, ...cells]) => element('tr', {}, element('th', { scope: 'row' }, head), ...cells.map((cell) => element('td', {}, cell))))),
                ),
            ),
        ),
    );
}

function text(x, y, words, anchor) {
    return shape('text', { x: round(x), y: round(y), 'text-anchor': anchor }, words);
}

function summary(title, lines) {
    const parts = lines.map(({ name, points }) => {
        const values = points.map(({ y }) => y);
        return values.length > 0 ? `${name}: now ${count(values.at(-1))}, at most ${count(Math.max(...values))}` : `${name}: nothing yet`;
    });
    return `${title}. ${parts.join('. ')}.`;
}

function timeName(time, span) {
    if (span <= 36 * 3_600_000) return clock(time);
    return new Date(time).toLocaleDateString(undefined, { day: '2-digit', month: '2-digit' });
}

const up = (value, top) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
const round = (value) => Math.round(value * 10) / 10;

/** The next round number at or above a value, of which a quarter is whole. */
function niceTop(value) {
    if (value <= 4) return Math.ceil(value);
    if (value <= 8) return 8;
    const unit = 10 ** Math.floor(Math.log10(value));
    return [1.2, 1.6, 2, 2.4, 3.2, 4, 4.8, 6, 8, 10, 12].map((factor) => Math.round(factor * Math.max(10, unit))).find((candidate) => candidate >= value);
}
