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
    /** Edits that were refused, by message. @type {Map<string, string>} */
    #refused = new Map();
    #typedAt = 0;
    #silence;

    /**
     * @param {{send: (text: string) => Promise<boolean>, edit: (message: any, text: string) => Promise<boolean>,
     *     typing: (conversationId: string, isTyping: boolean) => void, editLast: () => void}} actions `send` and `edit` tell whether the
     *     text was taken; one that wasn't is given back
     */
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
        // While a message is edited, what was begun is kept already.
        if (this.#conversationId && !this.#editing) this.#drafts.set(this.#conversationId, this.#text.value);
        this.#endEditing();
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
        this.#fill(this.#refused.get(message.messageId) ?? message.content);
        this.focus();
    }

    #cancel() {
        this.#refused.delete(this.#editing.messageId);
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
        const id = this.#conversationId;
        const next = message ? this.#drafts.get(id) ?? '' : '';
        this.#endEditing();
        this.#fill(next);
        this.#stopTyping();
        if (message) this.#submitEdit(message, text, next);
        else this.#submitNew(id, text);
        this.focus();
    }

    async #submitNew(id, text) {
        if (await this.#actions.send(text)) return;
        if (this.#conversationId !== id || this.#editing) {
            this.#drafts.set(id, this.#drafts.get(id) || text);
        } else if (this.#text.value === '') {
            this.#fill(text);
        }
    }

    /** Where the edit is refused it goes on, unless something else is being written by then; the next edit of the message has it. */
    async #submitEdit(message, text, next) {
        const isTaken = await this.#actions.edit(message, text);
        if (isTaken) return this.#refused.delete(message.messageId);
        this.#refused.set(message.messageId, text);
        if (this.#conversationId === message.conversationId && !this.#editing && this.#text.value === next) this.edit(message);
    }
}
