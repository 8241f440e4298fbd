/** The channels one can join, by name: a page of them, and more where that is asked for. */

import { element } from './dom.js';
import { plural } from './format.js';

/** As many can be seen at once; among more one wants to look for a name. */
const FILTERED_FROM = 8;

export class ChannelChoices {
    #model;
    #actions;
    #list = element('ul', { class: 'channel-choices' });
    #filter = element('input', {
        type: 'search', 'aria-label': 'Filter channels', placeholder: 'Filter channels', autocomplete: 'off', spellcheck: false, hidden: true,
        on: { input: () => this.#filtered() },
    });
    /** @type {{channelId: string, title: string, text: string, row: HTMLElement}[]} */
    #choices = [];
    #hasMore = true;
    #isLoading = false;
    /** Raised with each load, so that an answer to an older one is known. */
    #loads = 0;

    /** @param {{choose: (channelId: string, title: string) => void, failed: (error: any) => void}} actions */
    constructor(model, actions) {
        this.#model = model;
        this.#actions = actions;
        this.element = element('div', { class: 'channels' }, this.#filter, this.#list);
    }

    /** Reads the list from its beginning. */
    async load() {
        this.#loads += 1;
        this.#choices = [];
        this.#hasMore = true;
        this.#isLoading = false;
        await this.#more();
    }

    titleOf(channelId) {
        return this.#choices.find((choice) => choice.channelId === channelId)?.title;
    }

    get #found() {
        const wanted = this.#filter.value.trim().toLowerCase();
        return this.#choices.filter(({ text }) => text.includes(wanted));
    }

    #filtered() {
        this.#show();
        if (this.#hasMore && this.#found.length === 0) this.#more();
    }

    /** Reads a page; and the next ones for as long as there is nothing to show of what is looked for. */
    async #more() {
        if (this.#isLoading) return;
        const load = this.#loads;
        this.#isLoading = true;
        this.#show();
        try {
            do {
                const { channels, hasMore } = await this.#model.channels(this.#choices.at(-1)?.channelId);
                if (load !== this.#loads) return;
                this.#choices.push(...channels.map((channel) => this.#choice(channel)));
                this.#hasMore = hasMore;
            } while (this.#hasMore && this.#list.isConnected && this.#found.length === 0);
        } catch (error) {
            if (load !== this.#loads) return;
            this.#actions.failed(error);
        }
        this.#isLoading = false;
        this.#show();
    }

    #show() {
        const found = this.#found;
        this.#filter.hidden = this.#choices.length < FILTERED_FROM;
        this.#list.replaceChildren(...found.map(({ row }) => row));
        if (this.#isLoading) this.#list.append(element('li', { class: 'hint' }, 'Loading…'));
        else if (this.#hasMore) this.#list.append(element('li', {}, this.#button(this.#choices.length > 0 ? 'Show more' : 'Try again', () => this.#showMore())));
        else if (this.#choices.length === 0) this.#list.append(element('li', { class: 'hint' }, 'There is no channel yet. Make the first one.'));
        else if (found.length === 0) this.#list.append(element('li', { class: 'hint' }, 'No channel has that in its name.'));
    }

    async #showMore() {
        const shown = this.#found.length;
        await this.#more();
        // The button has gone, and the focus with it.
        (this.#found[shown]?.row ?? this.#list).querySelector('button')?.focus();
    }

    #choice({ channelId, title, members, online }) {
        const label = this.#model.conversations.has(channelId) ? 'Open' : 'Join';
        const row = element(
            'li',
            {},
            element('div', {}, element('strong', { dir: 'auto' }, title), element('span', { class: 'hint' }, `${plural(members, 'member')}, ${online} online`)),
            this.#button(label, () => this.#actions.choose(channelId, title), `${label} ${title}`),
        );
        return { channelId, title, text: `${title} ${channelId}`.toLowerCase(), row };
    }

    #button(text, act, label) {
        return element('button', { type: 'button', class: 'button', 'aria-label': label, on: { click: act } }, text);
    }
}
