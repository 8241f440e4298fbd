/** Conversations, people, and oneself. */

import { avatar, element, fill, icon, iconButton } from './dom.js';
import { brief, plural } from './format.js';

const TYPING_PAUSE_MS = 180;

export class Sidebar {
    #model;
    #actions;
    #lists = { channel: element('ul', { class: 'conversations' }), dm: element('ul', { class: 'conversations' }) };
    #results = element('div', { class: 'results', hidden: true });
    #conversations;
    #search;
    #connection = element('p', { class: 'connection' });
    #admin;
    #status;
    #problem = element('p', { class: 'problem', role: 'alert' });
    #searched = 0;
    /** What the results that are shown were found for. @type {string | null} */
    #foundFor = null;
    #pause;

    /** @param {{open: (id: string) => void, browse: () => void, logOut: () => void}} actions */
    constructor(model, actions) {
        this.#model = model;
        this.#actions = actions;
        const { user } = model;
        this.#search = element('input', {
            type: 'search', 'aria-label': 'Search people', placeholder: 'Search people', autocomplete: 'off', spellcheck: false, title: 'Search people (Ctrl K)',
            on: {
                input: () => {
                    clearTimeout(this.#pause);
                    this.#pause = setTimeout(() => this.#find(), TYPING_PAUSE_MS);
                },
                keydown: (event) => {
                    if (event.key === 'Escape') this.#endSearch();
                    if (event.key === 'ArrowDown') this.element.querySelector('.scroll button.entry')?.focus();
                    if (event.key !== 'Enter' || event.isComposing) return;
                    event.preventDefault();
                    this.#openFirst();
                },
            },
        });
        this.#conversations = element(
            'div',
            { class: 'sections' },
            element(
                'section',
                { 'aria-label': 'Channels' },
                element('header', {}, element('h2', {}, 'Channels'), iconButton('plus', 'Browse channels', actions.browse)),
                this.#lists.channel,
            ),
            element('section', { 'aria-label': 'Direct messages' }, element('header', {}, element('h2', {}, 'Direct messages')), this.#lists.dm),
        );
        this.#admin = user.role === 'admin' && element('a', { class: 'button quiet', href: '#/admin/users' }, icon('admin'), 'Admin');
        this.#status = element(
            'select',
            { class: 'own-status', 'aria-label': 'Your status', on: { change: () => this.#chooseStatus() } },
            ...['online', 'away', 'busy'].map((value) => element('option', { value }, value[0].toUpperCase() + value.slice(1))),
        );
        this.element = element(
            'nav',
            { class: 'sidebar', 'aria-label': 'Conversations' },
            element('header', { class: 'brand' }, element('img', { src: '/icon.svg', alt: '', width: 28, height: 28 }), element('h1', {}, 'Switchboard'), this.#admin),
            element('div', { class: 'search' }, icon('search'), this.#search),
            element('div', { class: 'scroll', on: { keydown: (event) => this.#arrows(event) } }, this.#results, this.#conversations),
            this.#problem,
            element(
                'footer',
                {},
                avatar(user.username, user.userId),
                element('div', { class: 'me' }, element('strong', { dir: 'auto' }, user.username), this.#connection),
                this.#status,
                element('button', { type: 'button', class: 'icon-button', 'aria-label': 'Log out', title: 'Log out', on: { click: actions.logOut } }, icon('logout')),
            ),
        );
    }

    focusSearch() {
        this.#search.focus();
        this.#search.select();
    }

    update() {
        for (const kind of ['channel', 'dm']) this.#fill(this.#lists[kind], this.#model.list(kind), kind);
        const status = this.#model.ownStatus.value;
        if (this.#status.value !== status) this.#status.value = status;
        const { unread } = this.#model;
        document.title = unread > 0 ? `(${unread}) Switchboard` : 'Switchboard';
    }

    async #chooseStatus() {
        this.#problem.textContent = '';
        try {
            await this.#model.ownStatus.choose(this.#status.value);
        } catch (error) {
            this.#problem.textContent = `Your status is as it was: ${error.message}`;
        }
    }

    updateConnection(text, tone) {
        this.#connection.textContent = text;
        this.#connection.className = `connection ${tone}`;
    }

    #fill(list, conversations, kind) {
        const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
        const rows = conversations.map((conversation) => {
            const id = conversation.conversationId;
            const row = known.get(id) ?? this.#row(id);
            this.#fillRow(row, conversation);
            return row;
        });
        if (rows.length === 0) rows.push(this.#hint(kind, known.get('')));
        // Rows that are in place stay, and with them the focus.
        const wanted = new Set(rows);
        for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
        rows.forEach((row, index) => {
            if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
        });
    }

    #hint(kind, known) {
        const text = kind === 'dm' ? 'Find somebody by name above to write to them.' : 'Join or make one with the plus.';
        return known ?? element('li', { class: 'hint', dataset: { id: '' } }, text);
    }

    #row(id) {
        const button = element('button', { type: 'button', class: 'entry', 'aria-describedby': `about-${id}`, on: { click: () => this.#actions.open(id) } });
        return element('li', { dataset: { id } }, button);
    }

    #fillRow(row, conversation) {
        const { conversationId: id, title, lastMessage, unread, kind, otherUserId } = conversation;
        const isActive = id === this.#model.activeId;
        const isOnline = kind === 'dm' ? this.#model.presence.get(otherUserId)?.status : undefined;
        const typists = this.#model.typists(id);
        const preview = typists.length > 0 ? 'typing…' : this.#preview(conversation);
        const when = lastMessage && brief(lastMessage.createdAt);
        const signature = [title, lastMessage?.messageId, lastMessage?.rev, when, unread, isActive, isOnline, preview].join('\u0000');
        if (row.dataset.signature === signature) return;
        row.dataset.signature = signature;
        const button = row.firstElementChild;
        button.setAttribute('aria-label', title);
        if (isActive) button.setAttribute('aria-current', 'true');
        else button.removeAttribute('aria-current');
        button.classList.toggle('unread', unread > 0);
        fill(
            button,
            kind === 'dm' ? avatar(title, otherUserId, isOnline) : element('span', { class: 'avatar hash', 'aria-hidden': 'true' }, icon('hash')),
            element(
                'span',
                { class: 'entry-text' },
                element('span', { class: 'entry-title', dir: 'auto' }, title),
                element('span', { class: typists.length > 0 ? 'entry-preview typing' : 'entry-preview', dir: 'auto' }, preview),
            ),
            element(
                'span',
                { class: 'entry-side' },
                lastMessage && element('time', { dateTime: lastMessage.createdAt }, when),
                unread > 0 && element('span', { class: 'badge' }, unread > 99 ? '99+' : String(unread)),
            ),
            element('span', { id: `about-${id}`, hidden: true }, [isOnline, unread > 0 && plural(unread, 'unread message'), preview].filter(Boolean).join(', ')),
        );
    }

    #preview({ lastMessage, kind }) {
        if (!lastMessage) return kind === 'channel' ? 'No messages yet' : '';
        if (lastMessage.deletedAt) return 'Message deleted';
        const text = lastMessage.content.slice(0, 120).replace(/\s+/g, ' ');
        if (lastMessage.senderId === this.#model.user.userId) return `You: ${text}`;
        return kind === 'channel' ? `${lastMessage.senderName}: ${text}` : text;
    }

    async #find() {
        const text = this.#search.value.trim();
        const turn = (this.#searched += 1);
        if (!text) return this.#endSearch();
        let people;
        try {
            people = (await this.#model.client.request('GET', `/api/users?${new URLSearchParams({ q: text, limit: '20' })}`)).users;
        } catch (error) {
            if (turn === this.#searched) this.#showResults(null, [element('p', { class: 'hint' }, error.message)]);
            return;
        }
        if (turn !== this.#searched) return;
        const lower = text.toLowerCase();
        const channels = this.#model.list('channel').filter(({ title, conversationId }) => `${title} ${conversationId}`.toLowerCase().includes(lower));
        const others = people.filter(({ userId }) => userId !== this.#model.user.userId);
        const entries = [
            ...others.map(({ userId, username, status }) => {
                this.#model.noteStatus(userId, status);
                return this.#result(avatar(username, userId, status), username, status, () => this.#model.conversationWith(userId, username).conversationId);
            }),
            ...channels.map(({ conversationId, title }) =>
                this.#result(element('span', { class: 'avatar hash', 'aria-hidden': 'true' }, icon('hash')), title, 'channel', () => conversationId),
            ),
        ];
        this.#showResults(
            text,
            entries.length > 0
                ? [element('h2', {}, 'Found'), element('ul', { class: 'conversations' }, ...entries)]
                : [element('p', { class: 'hint' }, `Nobody’s name begins with “${text}”.`)],
        );
    }

    #result(picture, name, note, idOf) {
        return element(
            'li',
            {},
            element(
                'button',
                { type: 'button', class: 'entry', 'aria-label': name, on: { click: () => {
                    const id = idOf();
                    this.#endSearch();
                    this.#actions.open(id);
                } } },
                picture,
                element('span', { class: 'entry-text' }, element('span', { class: 'entry-title', dir: 'auto' }, name), element('span', { class: 'entry-preview' }, note ?? '')),
            ),
        );
    }

    /** Opens the first that is found for what the field has, not for what it had before. */
    async #openFirst() {
        const text = this.#search.value.trim();
        clearTimeout(this.#pause);
        if (this.#foundFor !== text) await this.#find();
        if (text && this.#foundFor === text && this.#search.value.trim() === text) this.#results.querySelector('button')?.click();
    }

    #showResults(text, content) {
        this.#foundFor = text;
        this.#results.replaceChildren(...content);
        this.#results.hidden = false;
        this.#conversations.hidden = true;
    }

    #endSearch() {
        clearTimeout(this.#pause);
        this.#searched += 1;
        this.#foundFor = null;
        this.#search.value = '';
        this.#results.hidden = true;
        this.#results.replaceChildren();
        this.#conversations.hidden = false;
    }

    #arrows(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        const entries = [...event.currentTarget.querySelectorAll('button.entry')].filter((entry) => entry.offsetParent);
        const next = entries.indexOf(document.activeElement) + step;
        event.preventDefault();
        if (next < 0) this.#search.focus();
        else entries[next]?.focus();
    }
}
