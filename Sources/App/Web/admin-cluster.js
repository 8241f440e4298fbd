/** The instances, as they are now. */

import { element } from './dom.js';
import { ago, count } from './format.js';

const EVERY_MS = 2_000;

export class ClusterPanel {
    #client;
    #timer;
    #totals = element('dl', { class: 'figures' });
    #cards = element('ul', { class: 'instances' });
    #problem = element('p', { class: 'problem', role: 'alert' });
    #isClosed = false;

    constructor(client) {
        this.#client = client;
        this.element = element('div', { class: 'cluster-panel' }, this.#totals, this.#cards, this.#problem);
        this.#load();
    }

    close() {
        this.#isClosed = true;
        clearTimeout(this.#timer);
    }

    async #load() {
        try {
            const [cluster, roundTrip] = await Promise.all([this.#client.request('GET', '/api/admin/cluster'), this.#ping()]);
            if (this.#isClosed) return;
            this.#show(cluster, roundTrip);
            this.#problem.textContent = '';
        } catch (error) {
            this.#problem.textContent = error.status === 404 ? 'This server does not tell about its cluster.' : error.message;
        }
        if (!this.#isClosed) this.#timer = setTimeout(() => this.#load(), EVERY_MS);
    }

    /** How long this page's own connection takes there and back, in milliseconds. */
    async #ping() {
        const began = performance.now();
        return this.#client.command('PING').then(() => performance.now() - began, () => null);
    }

    #show({ instances, totals = {} }, roundTrip) {
        const sum = (name) => instances.reduce((all, instance) => all + (instance[name] ?? 0), 0);
        const here = this.#client.session?.instanceId;
        const figures = [
            ['Instances', count(totals.instances ?? instances.length)],
            ['Users online', count(totals.users ?? sum('users'))],
            ['Connections', count(totals.connections ?? sum('connections'))],
            [`Round trip to ${here ?? 'the server'}`, roundTrip === null ? '–' : `${roundTrip.toFixed(1)} ms`],
        ];
        this.#totals.replaceChildren(...figures.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
        this.#cards.replaceChildren(
            ...instances.map((instance) =>
                element(
                    'li',
                    { class: 'card' },
                    element(
                        'header',
                        {},
                        element('h3', {}, instance.instanceId),
                        instance.instanceId === here && element('span', { class: 'tag' }, 'You are here'),
                    ),
                    element(
                        'dl',
                        {},
                        ...[
                            ['Connections', count(instance.connections)],
                            ['Users', count(instance.users)],
                            ['Bus', state(instance.bus)],
                            ['Store', state(instance.store)],
                            ...roundTrips(instance),
                            ['Started', ago(instance.startedAt)],
                            ['Heartbeat', ago(instance.heartbeatAt)],
                            ['Version', instance.version],
                        ].map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value ?? '–'))),
                    ),
                ),
            ),
        );
    }
}

/** A state as a word with a colour; an object may tell the round trip besides. */
function state(value) {
    const word = typeof value === 'object' && value !== null ? value.status ?? value.state : value;
    if (word === undefined || word === null) return '–';
    const tone = word === 'ok' || word === 'connected' ? 'good' : word === 'disabled' ? '' : 'danger';
    return element('span', { class: `tag ${tone}` }, String(word));
}

/** Whatever round trips an instance tells of, in milliseconds. */
function roundTrips(instance) {
    return [
        ['Bus round trip', instance.bus?.roundTripMs ?? instance.busRoundTripMs],
        ['Store round trip', instance.store?.roundTripMs ?? instance.storeRoundTripMs],
    ].flatMap(([name, value]) => (typeof value === 'number' ? [[name, `${Math.round(value * 10) / 10} ms`]] : []));
}
