/** How much happens, and when. */

import { element } from './dom.js';
import { barChart, lineChart } from './charts.js';

const WINDOWS = [
    ['1h', 'Last hour'],
    ['24h', 'Last 24 hours'],
    ['7d', 'Last 7 days'],
    ['30d', 'Last 30 days'],
];
const EVERY_MS = 30_000;

export class ActivityPanel {
    #client;
    #select;
    #charts = element('div', { class: 'charts' });
    #problem = element('p', { class: 'problem', role: 'alert' });
    #timer;
    #turn = 0;

    constructor(client) {
        this.#client = client;
        this.#select = element(
            'select',
            { id: 'activity-window', on: { change: () => this.#load() } },
            ...WINDOWS.map(([value, label]) => element('option', { value }, label)),
        );
        this.element = element(
            'div',
            { class: 'activity-panel' },
            element('div', { class: 'field' }, element('label', { htmlFor: 'activity-window' }, 'Time span'), this.#select),
            this.#problem,
            this.#charts,
        );
        this.#load();
    }

    close() {
        this.#turn += 1;
        clearTimeout(this.#timer);
    }

    async #load() {
        const turn = (this.#turn += 1);
        clearTimeout(this.#timer);
        try {
            const data = await this.#client.request('GET', `/api/admin/analytics?window=${this.#select.value}`);
            if (turn !== this.#turn) return;
            this.#problem.textContent = '';
            this.#show(data);
        } catch (error) {
            if (turn !== this.#turn) return;
            this.#problem.textContent = error.message;
        }
        this.#timer = setTimeout(() => this.#load(), EVERY_MS);
    }

    #show({ bucketMinutes, series, activityByHour, socketsPerUser, sessionLengths }) {
        // Open tables stay open when the figures are renewed.
        const open = [...this.#charts.querySelectorAll('details')].map((details) => details.open);
        const points = (name) => series.map((point) => ({ x: new Date(point.time), y: point[name] }));
        const spans = bucketMinutes === 1 ? 'each minute' : bucketMinutes < 60 ? `each ${bucketMinutes} minutes` : bucketMinutes === 60 ? 'each hour' : `each ${bucketMinutes / 60} hours`;
        this.#charts.replaceChildren(
            lineChart({ title: 'Users online', lines: [{ name: 'Users', points: points('onlineUsers') }, { name: 'Connections', points: points('connections') }] }),
            // The span that runs has had less time than the others.
            lineChart({ title: `Messages, ${spans}`, lines: [{ name: 'Messages', points: points('messages').slice(0, bucketMinutes > 1 ? -1 : undefined) }] }),
            barChart({ title: 'Messages by hour of the day', unit: 'messages', bars: localHours(activityByHour) }),
            barChart({
                title: 'Users by number of open sockets',
                unit: 'users',
                bars: socketsPerUser.map(({ sockets, orMore, users }) => ({ label: orMore ? `${sockets}+` : String(sockets), value: users })),
            }),
            barChart({
                title: 'Ended connections by length',
                unit: 'connections',
                bars: sessionLengths.map(({ upToSeconds, connections }, index) => ({ label: lengthName(upToSeconds, sessionLengths[index - 1]?.upToSeconds), value: connections })),
            }),
        );
        this.#charts.querySelectorAll('details').forEach((details, index) => (details.open = open[index] ?? false));
    }
}

/** The server counts by hours of UTC; the reader's clock may be whole hours away from that. */
function localHours(hours) {
    const shift = Math.round(-new Date().getTimezoneOffset() / 60);
    const bars = Array.from({ length: 24 }, (_, hour) => ({ label: String(hour).padStart(2, '0'), value: 0 }));
    for (const { hour, messages } of hours) bars[(hour + shift + 24) % 24].value += messages;
    return bars;
}

function lengthName(upTo, from) {
    const name = (seconds) => (seconds < 60 ? `${seconds} s` : seconds < 3_600 ? `${seconds / 60} min` : seconds < 86_400 ? `${seconds / 3_600} h` : `${seconds / 86_400} d`);
    return upTo === undefined || upTo === null ? `> ${name(from ?? 0)}` : `≤ ${name(upTo)}`;
}

