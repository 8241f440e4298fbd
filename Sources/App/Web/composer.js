/** Where messages are written. */

import { element, icon } from './dom.js';
import { characters } from './format.js';

const LIMIT = 4_000;
const TYPING_EVERY_MS = 3_000;
const TYPING_ENDS_MS = 4_000;

export class Composer {
    #text;
    #send;
    #note;
    #counter;
    #actions;
    #drafts = new Map();
    #conversationId = null;
    /** The message that is being edited. */
    #editing = null;
    #typedAt = 0;
    #silence;

    /** @param {{send: (text: string) => void, edit: (message: any, text: string) => void, typing: (conversationId: string, isTyping: boolean) => void, editLast: () => void}} actions */
    constructor(actions) {
        this.#actions = actions;
        this.#text = element('textarea', {
            class: 'composer-text', rows: 1, 'aria-label': 'Message', placeholder: 'Write a message', dir: 'auto', enterKeyHint: 'send',
            on: { input: () => this.#changed(), keydown: (event) => this.#key(event), blur: () => this.#stopTyping() },
        });
        this.#send = element('button', { type: 'submit', class: 'send-button', 'aria-label': 'Send', title: 'Send (Enter)', disabled: true }, icon('send'));
        this.#note = element('div', { class: 'composer-note', hidden: true });
        this.#counter = element('span', { class: 'counter', hidden: true });
        this.element = element(
            'form',
            { class: 'composer', on: { submit: (event) => {
                event.preventDefault();
                this.#submit();
            } } },
            this.#note,
            element('div', { class: 'composer-row' }, this.#text, this.#counter, this.#send),
        );
    }

    focus() {
        this.#text.focus({ preventScroll: true });
    }

    /** Goes to another conversation; what was begun in this one is kept. */
    show(conversationId, name) {
        if (this.#conversationId === conversationId) return;
        this.#endEditing();
        if (this.#conversationId) this.#drafts.set(this.#conversationId, this.#text.value);
        this.#stopTyping();
        this.#conversationId = conversationId;
        this.#text.placeholder = `Message ${name}`;
        this.#fill(this.#drafts.get(conversationId) ?? '');
    }

    edit(message) {
        if (!this.#editing) this.#drafts.set(this.#conversationId, this.#text.value);
        this.#editing = message;
        this.#note.replaceChildren(
            icon('edit'),
            element('span', {}, 'Editing your message'),
            element('button', { type: 'button', class: 'link', on: { click: () => this.#cancel() } }, 'Cancel'),
        );
        this.#note.hidden = false;
        this.#fill(message.content);
        this.focus();
    }

    #cancel() {
        this.#endEditing();
        this.#fill(this.#drafts.get(this.#conversationId) ?? '');
        this.focus();
    }

    #endEditing() {
        this.#editing = null;
        this.#note.hidden = true;
    }

    #fill(text) {
        this.#text.value = text;
        this.#fit();
    }

    #fit() {
        const length = characters(this.#text.value);
        const isTooLong = length > LIMIT;
        this.#counter.hidden = length < LIMIT - 200;
        this.#counter.textContent = String(LIMIT - length);
        this.#counter.classList.toggle('over', isTooLong);
        this.#text.setAttribute('aria-invalid', String(isTooLong));
        this.#send.disabled = this.#text.value.trim() === '' || isTooLong;
        this.#text.style.height = 'auto';
        this.#text.style.height = `${Math.min(this.#text.scrollHeight, 180)}px`;
    }

    #changed() {
        this.#fit();
        if (this.#editing) return;
        if (this.#text.value === '') return this.#stopTyping();
        if (Date.now() - this.#typedAt > TYPING_EVERY_MS) {
            this.#typedAt = Date.now();
            this.#actions.typing(this.#conversationId, true);
        }
        clearTimeout(this.#silence);
        this.#silence = setTimeout(() => this.#stopTyping(), TYPING_ENDS_MS);
    }

    #stopTyping() {
        clearTimeout(this.#silence);
        if (this.#typedAt === 0) return;
        this.#typedAt = 0;
        this.#actions.typing(this.#conversationId, false);
    }

    #key(event) {
        if (event.isComposing) return;
        if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
            event.preventDefault();
            this.#submit();
        } else if (event.key === 'Escape' && this.#editing) {
            event.preventDefault();
            this.#cancel();
        } else if (event.key === 'ArrowUp' && this.#text.value === '' && !this.#editing) {
            event.preventDefault();
            this.#actions.editLast();
        }
    }

    #submit() {
        if (this.#send.disabled) return;
        const text = this.#text.value.trim();
        const message = this.#editing;
        this.#endEditing();
        this.#fill(message ? this.#drafts.get(this.#conversationId) ?? '' : '');
        this.#stopTyping();
        if (message) this.#actions.edit(message, text);
        else this.#actions.send(text);
        this.focus();
    }
}
