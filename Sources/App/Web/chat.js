/** The page for those who are logged in. */

import { announce, element, icon } from './dom.js';
import { browseChannels } from './dialogs.js';
import { AdminView } from './admin.js';
import { ConversationView } from './conversation-view.js';
import { Sidebar } from './sidebar.js';

const BACK_SHOWN_MS = 4_000;

export class ChatView {
    #root;
    #model;
    #sidebar;
    #conversation;
    #admin = null;
    #banner = element('div', { class: 'banner', role: 'status', hidden: true });
    #toast = element('div', { class: 'toast', role: 'alert', hidden: true });
    #main = element('main', { class: 'main' });
    #empty;
    #listeners = new AbortController();
    #wasLost = false;
    #timers = {};

    constructor(root, model, { logOut }) {
        this.#root = root;
        this.#model = model;
        this.#sidebar = new Sidebar(model, { open: (id) => this.#go(id), browse: () => browseChannels(model, { onOpen: (id) => this.#go(id) }), logOut });
        this.#conversation = new ConversationView(model, { back: () => (location.hash = '#/'), left: () => (location.hash = '#/'), say: (text) => this.say(text) });
        this.#empty = element(
            'div',
            { class: 'empty' },
            icon('chat'),
            element('h2', {}, `Hello, ${model.user.username}`),
            element('p', {}, 'Search for somebody by name to write to them, or join a channel.'),
            element(
                'div',
                { class: 'empty-actions' },
                element('button', { type: 'button', class: 'button primary', on: { click: () => this.#sidebar.focusSearch() } }, icon('search'), 'Find somebody'),
                element('button', { type: 'button', class: 'button', on: { click: () => browseChannels(model, { onOpen: (id) => this.#go(id) }) } }, icon('hash'), 'See the channels'),
            ),
        );
        model.isReading = () => model.activeId !== null && this.#conversation.isReading;
        this.#listen();
    }

    get userId() {
        return this.#model.user.userId;
    }

    /** @throws {SwitchboardError} where the user may not see the chat: 401, or `ACCOUNT_SUSPENDED` */
    async open() {
        this.#root.replaceChildren(
            this.#banner,
            element('div', { class: 'layout' }, this.#sidebar.element, this.#main),
            this.#toast,
        );
        this.#route();
        this.#sidebar.update();
        this.#showConnection();
        for (;;) {
            try {
                await this.#model.load();
                break;
            } catch (error) {
                if (this.#listeners.signal.aborted) return;
                if (error.status === 401 || error.code === 'ACCOUNT_SUSPENDED') throw error;
                this.say(error.message);
                await new Promise((resolve) => setTimeout(resolve, 3_000));
                if (this.#listeners.signal.aborted) return;
            }
        }
        this.#route();
    }

    close() {
        this.#listeners.abort();
        this.#conversation.close();
        this.#admin?.close();
        this.#model.close();
        for (const timer of Object.values(this.#timers)) clearTimeout(timer);
        document.querySelectorAll('dialog, .picker').forEach((node) => node.remove());
    }

    showFailure(text) {
        this.#showBanner('danger', text);
    }

    #listen() {
        const model = this.#model;
        const on = (target, type, call) => target.addEventListener(type, call, { signal: this.#listeners.signal });
        on(model, 'list', () => this.#soon('list', () => this.#sidebar.update()));
        on(model, 'conversation', ({ detail }) => detail.id === model.activeId && this.#soon('messages', () => this.#conversation.update()));
        on(model, 'typing', ({ detail }) => {
            if (detail.id === model.activeId) this.#conversation.updateTyping();
            this.#soon('list', () => this.#sidebar.update());
        });
        on(model, 'presence', () => this.#soon('presence', () => {
            this.#sidebar.update();
            this.#conversation.updateHead();
        }));
        on(model, 'connection', () => this.#showConnection());
        on(model, 'arrival', ({ detail }) => {
            if (detail.conversation.conversationId === model.activeId) this.#conversation.announce(detail.message);
            else announce(`New message from ${detail.message.senderName}`);
        });
        on(window, 'hashchange', () => this.#route());
        on(window, 'focus', () => model.isReading() && model.markRead());
        on(document, 'keydown', (event) => {
            if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
                event.preventDefault();
                location.hash = '#/';
                this.#sidebar.focusSearch();
            }
        });
    }

    /** Once a frame, however often something changes. */
    #pending = new Set();
    #soon(name, call) {
        if (this.#pending.has(name)) return;
        this.#pending.add(name);
        // A hidden page has no frames.
        const run = document.hidden ? (call) => setTimeout(call, 100) : requestAnimationFrame;
        run(() => {
            this.#pending.delete(name);
            if (!this.#listeners.signal.aborted) call();
        });
    }

    #go(id) {
        const hash = `#/c/${encodeURIComponent(id)}`;
        if (location.hash === hash) this.#route();
        else location.hash = hash;
    }

    #route() {
        const [, area, rest] = location.hash.split('/');
        const layout = this.#main.parentElement;
        const id = area === 'c' ? decodeURIComponent(rest ?? '') : null;
        if (area !== 'admin' && this.#admin) {
            this.#admin.close();
            this.#admin = null;
        }
        if (area === 'admin' && this.#model.user.role === 'admin') {
            this.#admin ??= new AdminView(this.#model.client, (text) => this.say(text));
            this.#conversation.hide();
            this.#main.replaceChildren(this.#admin.element);
            this.#admin.show(rest);
        } else if (id && this.#model.conversations.has(id)) {
            if (this.#conversation.element.parentElement !== this.#main) this.#main.replaceChildren(this.#conversation.element);
            this.#conversation.show(id);
        } else {
            this.#conversation.hide();
            this.#main.replaceChildren(this.#empty);
        }
        layout.classList.toggle('in-main', area === 'admin' || (id !== null && this.#model.conversations.has(id)));
        layout.classList.toggle('in-admin', area === 'admin');
        this.#sidebar.update();
    }

    #showConnection() {
        const { client } = this.#model;
        const { status, isDegraded, session } = client;
        const instance = session?.instanceId;
        if (status === 'online') {
            this.#sidebar.updateConnection(`Connected to ${instance}`, isDegraded ? 'degraded' : 'good');
            clearTimeout(this.#timers.lost);
            if (isDegraded) {
                this.#showBanner('warning', 'The servers can’t hear each other well right now. Messages may take up to two seconds longer; none is lost.');
            } else if (this.#wasLost) {
                this.#showBanner('good', 'You’re connected again.');
                clearTimeout(this.#timers.back);
                this.#timers.back = setTimeout(() => this.#hideBanner('good'), BACK_SHOWN_MS);
            } else {
                this.#hideBanner();
            }
            this.#wasLost = false;
            return;
        }
        this.#sidebar.updateConnection(status === 'waiting' ? 'Connection lost' : 'Connecting…', status === 'waiting' ? 'bad' : 'degraded');
        if (status !== 'waiting') return;
        if (this.#wasLost) return;
        this.#wasLost = true;
        this.#showBanner('danger', 'The connection is lost. Trying again; what you write is kept and sent then.', {
            label: 'Try now',
            act: () => client.wake(),
        });
    }

    #showBanner(tone, text, action) {
        this.#banner.className = `banner ${tone}`;
        this.#banner.hidden = false;
        this.#banner.replaceChildren(
            icon(tone === 'good' ? 'check' : 'alert'),
            element('span', {}, text),
            ...(action ? [element('button', { type: 'button', class: 'link', on: { click: action.act } }, action.label)] : []),
        );
    }

    #hideBanner(tone) {
        if (tone && !this.#banner.classList.contains(tone)) return;
        this.#banner.hidden = true;
        this.#banner.replaceChildren();
    }

    /** Says something in a corner for a while. */
    say(text) {
        this.#toast.textContent = text;
        this.#toast.hidden = false;
        clearTimeout(this.#timers.toast);
        this.#timers.toast = setTimeout(() => (this.#toast.hidden = true), 6_000);
    }
}
