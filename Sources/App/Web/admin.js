/** What administrators see: people, instances, activity, and who did what. */

import { element } from './dom.js';
import { ActivityPanel } from './admin-activity.js';
import { AuditPanel } from './admin-audit.js';
import { ClusterPanel } from './admin-cluster.js';
import { UsersPanel } from './admin-users.js';

const TABS = [
    ['users', 'Users', UsersPanel],
    ['cluster', 'Cluster', ClusterPanel],
    ['activity', 'Activity', ActivityPanel],
    ['audit', 'Audit', AuditPanel],
];

export class AdminView {
    #client;
    #say;
    #tabs;
    #panel = element('div', { class: 'admin-panel', role: 'tabpanel', id: 'admin-panel', tabIndex: -1 });
    #shown = null;
    #name = '';

    /** @param {(text: string) => void} say tells of something that went wrong, or right */
    constructor(client, say) {
        this.#client = client;
        this.#say = say;
        this.#tabs = TABS.map(([name, label]) =>
            element('a', { role: 'tab', id: `tab-${name}`, href: `#/admin/${name}`, 'aria-controls': 'admin-panel' }, label),
        );
        this.element = element(
            'section',
            { class: 'admin', 'aria-labelledby': 'admin-title' },
            element(
                'header',
                { class: 'admin-head' },
                element('h2', { id: 'admin-title' }, 'Admin'),
                element('a', { class: 'button quiet', href: '#/' }, 'Back to chat'),
            ),
            element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Admin', on: { keydown: (event) => this.#keys(event) } }, ...this.#tabs),
            this.#panel,
        );
    }

    show(name) {
        const wanted = TABS.some(([known]) => known === name) ? name : 'users';
        if (wanted === this.#name) return;
        this.#name = wanted;
        this.#shown?.close();
        TABS.forEach(([known], index) => {
            this.#tabs[index].setAttribute('aria-selected', String(known === wanted));
            this.#tabs[index].tabIndex = known === wanted ? 0 : -1;
        });
        const [, , Panel] = TABS.find(([known]) => known === wanted);
        this.#shown = new Panel(this.#client, this.#say);
        this.#panel.setAttribute('aria-labelledby', `tab-${wanted}`);
        this.#panel.replaceChildren(this.#shown.element);
    }

    close() {
        this.#shown?.close();
        this.#shown = null;
        this.#name = '';
    }

    #keys(event) {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = this.#tabs[(this.#tabs.indexOf(document.activeElement) + step + this.#tabs.length) % this.#tabs.length];
        next.focus();
        location.hash = next.hash;
    }
}
