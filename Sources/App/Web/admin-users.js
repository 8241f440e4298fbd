/** Accounts: find, ban, and end their sessions. */

import { avatar, debounced, element } from './dom.js';
import { ago, date, dateTime, plural } from './format.js';
import { ask } from './dialogs.js';

export class UsersPanel {
    #client;
    #say;
    #search;
    #body = element('tbody');
    #more = element('button', { type: 'button', class: 'button', hidden: true, on: { click: () => this.#load(this.#cursor) } }, 'Show more');
    #status = element('p', { class: 'hint', role: 'status' });
    #cursor = null;
    #turn = 0;

    constructor(client, say) {
        this.#client = client;
        this.#say = say;
        this.#search = element('input', {
            type: 'search', id: 'admin-search', placeholder: 'Beginning of a name', autocomplete: 'off', spellcheck: false,
            on: { input: debounced(180, () => this.#load()) },
        });
        this.element = element(
            'div',
            { class: 'users-panel' },
            element('div', { class: 'field' }, element('label', { htmlFor: 'admin-search' }, 'Search users'), this.#search),
            element(
                'table',
                { class: 'table users' },
                element('caption', { class: 'visually-hidden' }, 'Users'),
                element('thead', {}, element('tr', {}, ...['User', 'State', 'Sessions', 'Actions'].map((name) => element('th', { scope: 'col' }, name)))),
                this.#body,
            ),
            this.#status,
            this.#more,
        );
        this.#load();
    }

    close() {
        this.#turn += 1;
    }

    async #load(cursor = null) {
        const turn = (this.#turn += 1);
        const query = new URLSearchParams({ q: this.#search.value.trim(), limit: '50' });
        if (cursor) query.set('cursor', cursor);
        try {
            const page = await this.#client.request('GET', `/api/admin/users?${query}`);
            if (turn !== this.#turn) return;
            if (!cursor) this.#body.replaceChildren();
            this.#body.append(...page.users.flatMap((user) => this.#rows(user)));
            this.#cursor = page.cursor ?? null;
            this.#more.hidden = !this.#cursor;
            this.#status.textContent = this.#body.children.length === 0 ? 'Nobody’s name begins so.' : '';
        } catch (error) {
            if (turn === this.#turn) this.#status.textContent = error.message;
        }
    }

    /** A user's row, and the one below it that holds the sessions when they are asked for. */
    #rows(user) {
        const row = element('tr', { dataset: { user: user.userId } });
        const below = element('tr', { class: 'below', hidden: true });
        this.#fill(row, below, user);
        return [row, below];
    }

    #fill(row, below, user) {
        const path = `/api/admin/users/${user.userId}`;
        const again = async () => this.#refresh(row, below, user);
        const button = (label, className, act, properties = {}) =>
            element('button', { type: 'button', class: `button small ${className}`, title: `${label}: ${user.username}`, on: { click: act }, ...properties }, label);
        const ban = () => this.#ban(user, path, again);
        const unban = () => this.#act(() => this.#client.request('POST', `${path}/unban`, {}), () => `${user.username} can log in again.`, again);
        const revokeAll = () =>
            this.#act(
                () => this.#client.request('POST', `${path}/revoke-sessions`),
                ({ revoked }) => `Ended ${plural(revoked, 'session')} of ${user.username}.`,
                again,
            );
        const sessions = button('Sessions', '', () => this.#toggle(sessions, below, user, path), { 'aria-expanded': String(!below.hidden) });
        row.replaceChildren(
            element('th', { scope: 'row' }, element('div', { class: 'person' }, avatar(user.username, user.userId, user.online ? 'online' : 'offline'), element('div', {}, element('strong', { dir: 'auto' }, user.username), element('span', { class: 'hint' }, user.role === 'admin' ? 'Administrator' : `Since ${date(user.createdAt)}`)))),
            element('td', { dataset: { label: 'State' } }, user.suspended ? element('span', { class: 'tag danger' }, 'Suspended') : element('span', { class: user.online ? 'tag good' : 'tag' }, user.online ? 'Online' : 'Offline')),
            element('td', { dataset: { label: 'Sessions' } }, String(user.sessions)),
            element(
                'td',
                { class: 'actions' },
                user.suspended && button('Unban', '', unban),
                // Nobody can lock themselves out.
                !user.suspended && user.userId !== this.#client.session?.userId && button('Ban', 'danger', ban),
                button('Revoke all sessions', '', revokeAll),
                sessions,
            ),
        );
    }

    async #refresh(row, below, user) {
        const query = new URLSearchParams({ q: user.username, limit: '1' });
        const { users } = await this.#client.request('GET', `/api/admin/users?${query}`);
        const now = users.find(({ userId }) => userId === user.userId);
        if (!now) return;
        this.#fill(row, below, now);
        if (!below.hidden) await this.#sessions(below, now, `/api/admin/users/${now.userId}`);
    }

    async #ban(user, path, again) {
        const reason = await ask({
            title: `Ban ${user.username}?`,
            text: 'All their connections are closed at once, and they can’t log in until the ban is lifted.',
            field: 'Reason (kept in the audit log)',
            button: 'Ban',
        });
        if (reason === null) return;
        await this.#act(() => this.#client.request('POST', `${path}/ban`, reason ? { reason } : {}), () => `${user.username} is banned.`, again);
    }

    async #act(call, words, again) {
        try {
            const answer = await call();
            this.#say(words(answer));
            await again();
        } catch (error) {
            this.#say(error.message);
        }
    }

    async #toggle(button, below, user, path) {
        below.hidden = !below.hidden;
        button.setAttribute('aria-expanded', String(!below.hidden));
        if (!below.hidden) await this.#sessions(below, user, path);
    }

    async #sessions(below, user, path) {
        const cell = element('td', { colSpan: 4 });
        below.replaceChildren(cell);
        try {
            const answer = await this.#client.request('GET', `${path}/sessions`);
            const sessions = Array.isArray(answer) ? answer : answer.sessions;
            if (sessions.length === 0) return cell.replaceChildren(element('p', { class: 'hint' }, 'No session.'));
            cell.replaceChildren(
                element(
                    'ul',
                    { class: 'sessions', 'aria-label': `Sessions of ${user.username}` },
                    ...sessions.map((session) => this.#session(session, below, user, path)),
                ),
            );
        } catch (error) {
            cell.replaceChildren(element('p', { class: 'problem' }, error.message));
        }
    }

    #session(session, below, user, path) {
        const { sessionId, createdAt, lastSeen, userAgent, address, connectedTo } = session;
        const revoke = () =>
            this.#act(
                () => this.#client.request('DELETE', `${path}/sessions/${sessionId}`),
                () => 'The session is ended.',
                () => this.#sessions(below, user, path),
            );
        return element(
            'li',
            { dataset: { session: sessionId } },
            element(
                'div',
                {},
                element('strong', {}, connectedTo ? `Connected to ${connectedTo}` : `Not connected to ${this.#client.session?.instanceId ?? 'this instance'}`),
                element('span', { class: 'hint' }, `Since ${dateTime(createdAt)}, seen ${ago(lastSeen)}${address ? `, from ${address}` : ''}`),
                userAgent && element('span', { class: 'hint agent' }, userAgent),
            ),
            element('button', { type: 'button', class: 'button small danger', on: { click: revoke } }, 'Revoke'),
        );
    }
}
