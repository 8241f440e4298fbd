/** Who banned, revoked and unbanned whom, the newest first. */

import { element } from './dom.js';
import { dateTime } from './format.js';

const words = { ban: 'Banned', unban: 'Unbanned', revoke_all: 'Revoked all sessions', revoke_one: 'Revoked a session' };

export class AuditPanel {
    #client;
    #body = element('tbody');
    #status = element('p', { class: 'hint', role: 'status' });
    #more = element('button', { type: 'button', class: 'button', hidden: true, on: { click: () => this.#load() } }, 'Show older');
    #cursor = null;

    constructor(client) {
        this.#client = client;
        this.element = element(
            'div',
            { class: 'audit-panel' },
            element(
                'table',
                { class: 'table' },
                element('caption', { class: 'visually-hidden' }, 'Audit log'),
                element('thead', {}, element('tr', {}, ...['When', 'Who', 'What', 'Whom', 'Reason'].map((name) => element('th', { scope: 'col' }, name)))),
                this.#body,
            ),
            this.#status,
            this.#more,
        );
        this.#load();
    }

    close() {}

    async #load() {
        const query = new URLSearchParams({ limit: '50' });
        if (this.#cursor) query.set('cursor', this.#cursor);
        try {
            const page = await this.#client.request('GET', `/api/admin/audit?${query}`);
            this.#body.append(...page.entries.map((entry) => this.#row(entry)));
            this.#cursor = page.cursor ?? null;
            this.#more.hidden = !this.#cursor;
            this.#status.textContent = this.#body.children.length === 0 ? 'Nobody has been banned or logged out by an administrator yet.' : '';
        } catch (error) {
            this.#status.textContent = error.message;
        }
    }

    #row({ action, adminId, adminName, targetUserId, targetName, reason, createdAt }) {
        const cell = (label, ...content) => element('td', { dataset: { label } }, ...content);
        const name = (text, id) => (text ? element('span', { dir: 'auto' }, text) : element('code', { title: id }, `${id.slice(0, 8)}…`));
        return element(
            'tr',
            {},
            cell('When', element('time', { dateTime: createdAt }, dateTime(createdAt))),
            cell('Who', adminId ? name(adminName, adminId) : 'Command line'),
            cell('What', words[action] ?? action),
            cell('Whom', name(targetName, targetUserId)),
            cell('Reason', reason ? element('span', { dir: 'auto' }, reason) : '–'),
        );
    }
}
