/** One conversation: its head, its messages, and where to write. */

import { announce, avatar, element, fill, icon, iconButton } from './dom.js';
import { ago, plural } from './format.js';
import { ask } from './dialogs.js';
import { itemsOf, makeItem, updateItem } from './message-item.js';
import { MessageWindow } from './message-window.js';
import { Composer } from './composer.js';

const statusWords = { online: 'Online', away: 'Away', busy: 'Busy' };

export class ConversationView {
    #model;
    #actions;
    #head = element('header', { class: 'conversation-head' });
    #log = element('div', { class: 'log', role: 'log', 'aria-live': 'off', tabIndex: 0 });
    #typing = element('p', { class: 'typing', role: 'status' });
    #latest;
    #window;
    #composer;
    #id = null;
    #firstUnread = 0;
    #isAtEnd = true;

    /** @param {{back: () => void, left: () => void, say: (text: string) => void}} actions */
    constructor(model, actions) {
        this.#model = model;
        this.#actions = actions;
        this.#composer = new Composer({
            send: (text) => this.#send(text),
            edit: (message, text) => this.#attempt(model.client.edit(message.conversationId, message.messageId, text)),
            typing: (id, isTyping) => model.client.typing(id, isTyping),
            editLast: () => this.#editLast(),
        });
        this.#window = new MessageWindow(this.#log, {
            make: makeItem,
            update: (node, item) => updateItem(node, item, { ...this.#messageActions, user: model.user }),
            onScroll: ({ isAtEnd, isNearStart }) => this.#scrolled(isAtEnd, isNearStart),
        });
        this.#latest = element('button', { type: 'button', class: 'latest', hidden: true, on: { click: () => this.#toLatest() } }, icon('down'), element('span', {}, 'Latest'));
        this.#log.addEventListener('keydown', (event) => this.#keys(event));
        this.element = element(
            'section',
            { class: 'conversation' },
            this.#head,
            element('div', { class: 'log-frame' }, this.#log, this.#latest),
            this.#typing,
            this.#composer.element,
        );
    }

    close() {
        this.#window.close();
    }

    /** Whether the user looks at the end of the conversation now. */
    get isReading() {
        const isLoaded = this.#model.conversations.get(this.#id)?.isLoaded ?? false;
        return isLoaded && this.#isAtEnd && document.visibilityState === 'visible' && document.hasFocus();
    }

    async show(id) {
        const conversation = this.#model.conversations.get(id);
        if (!conversation) return;
        const isOther = this.#id !== id;
        this.#id = id;
        if (isOther) {
            this.#firstUnread = conversation.unread > 0 ? conversation.readSeq + 1 : 0;
            this.#log.setAttribute('aria-label', `Messages with ${conversation.title}`);
            this.#composer.show(id, conversation.title);
            this.#window.setItems([]);
            this.#window.scrollToEnd();
        }
        this.updateHead();
        this.updateTyping();
        const opening = this.#model.open(id);
        this.update();
        // On a phone the keyboard would cover what was asked for.
        if (matchMedia('(pointer: coarse)').matches) this.#log.focus();
        else this.#composer.focus();
        await opening;
        if (this.#id !== id) return;
        this.#window.scrollToEnd();
        if (this.isReading) this.#model.markRead();
    }

    hide() {
        this.#id = null;
        this.#model.activeId = null;
    }

    update() {
        const conversation = this.#model.conversations.get(this.#id);
        if (!conversation) return;
        this.#window.setItems(
            itemsOf(conversation, this.#model.unsent(this.#id), {
                user: this.#model.user,
                readSeq: this.#model.readByOthers(conversation),
                firstUnread: this.#firstUnread,
            }),
        );
        this.#showLatest();
    }

    updateHead() {
        const conversation = this.#model.conversations.get(this.#id);
        if (!conversation) return;
        const { kind, title, otherUserId, members } = conversation;
        const presence = this.#model.presence.get(otherUserId);
        const words = presence ? statusWords[presence.status] ?? (presence.lastSeen ? `Last seen ${ago(presence.lastSeen)}` : 'Offline') : '';
        // Nothing is made anew for nothing: a button in it may have the focus.
        const signature = [this.#id, title, presence?.status, words, members].join('\u0000');
        if (this.#head.dataset.signature === signature) return;
        this.#head.dataset.signature = signature;
        fill(
            this.#head,
            iconButton('back', 'Back to conversations', this.#actions.back, { class: 'icon-button back' }),
            kind === 'dm' ? avatar(title, otherUserId, presence?.status) : element('span', { class: 'avatar hash', 'aria-hidden': 'true' }, icon('hash')),
            element(
                'div',
                { class: 'head-text' },
                element('h2', { dir: 'auto' }, title),
                element('p', {}, kind === 'dm' ? words : members ? plural(members, 'member') : 'Channel'),
            ),
            kind === 'channel' && element('button', { type: 'button', class: 'button quiet', on: { click: () => this.#leave() } }, icon('leave'), 'Leave'),
        );
    }

    updateTyping() {
        const names = this.#model.typists(this.#id);
        const text = names.length === 0 ? '' : names.length > 2 ? 'Several people are typing…' : `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing…`;
        if (this.#typing.textContent === text) return;
        this.#typing.textContent = text;
        this.#typing.classList.toggle('on', text !== '');
    }

    #messageActions = {
        react: (message, emoji, adds) => this.#attempt(this.#model.client.react(message.conversationId, message.messageId, emoji, adds ? 'add' : 'remove')),
        edit: (message) => this.#composer.edit(message),
        remove: async (message) => {
            const answer = await ask({ title: 'Delete this message?', text: 'Everybody will see that a message was here, but not what it said.', button: 'Delete message' });
            if (answer !== null) await this.#attempt(this.#model.client.delete(message.conversationId, message.messageId));
        },
        retry: (clientMessageId) => this.#model.client.retry(clientMessageId),
        discard: (clientMessageId) => this.#model.client.discard(clientMessageId),
        reload: () => {
            const conversation = this.#model.conversations.get(this.#id);
            if (conversation?.isLoaded) this.#model.loadOlder(this.#id);
            else this.#model.open(this.#id);
        },
        nameOf: (userId) => this.#model.names.get(userId) ?? 'Somebody',
    };

    /** What could not be done is said where it is heard. @returns {Promise<boolean>} whether it was done */
    async #attempt(promise) {
        try {
            await promise;
            return true;
        } catch (error) {
            this.#actions.say(error.message);
            return false;
        }
    }

    /** @returns {Promise<boolean>} whether the message is in the list, where it says itself how it fares */
    async #send(text) {
        const conversation = this.#model.conversations.get(this.#id);
        this.#firstUnread = 0;
        const sending = this.#model.client.send(this.#model.target(conversation), text);
        this.#window.scrollToEnd();
        return this.#attempt(sending.catch((error) => {
            if (error.code === 'OUTBOX_FULL') throw error;
        }));
    }

    #editLast() {
        const messages = this.#model.conversations.get(this.#id)?.messages ?? [];
        const last = messages.findLast((message) => message.senderId === this.#model.user.userId && !message.deletedAt);
        if (last) this.#composer.edit(last);
    }

    async #leave() {
        const { title } = this.#model.conversations.get(this.#id);
        const id = this.#id;
        const answer = await ask({ title: `Leave ${title}?`, text: 'You can join again whenever you like.', button: 'Leave channel' });
        if (answer === null) return;
        await this.#attempt(this.#model.leaveChannel(id).then(() => this.#actions.left()));
    }

    #scrolled(isAtEnd, isNearStart) {
        this.#isAtEnd = isAtEnd;
        // After a failure it is the user who asks again, or the next connection.
        if (isNearStart && !this.#model.conversations.get(this.#id)?.problem) this.#model.loadOlder(this.#id);
        if (this.isReading) this.#model.markRead();
        this.#showLatest();
    }

    #showLatest() {
        const unread = this.#model.conversations.get(this.#id)?.unread ?? 0;
        this.#latest.hidden = this.#isAtEnd;
        this.#latest.lastElementChild.textContent = unread > 0 ? `${plural(unread, 'new message')}` : 'Latest';
    }

    #toLatest() {
        this.#window.scrollToEnd();
        this.#isAtEnd = true;
        this.#showLatest();
        if (this.isReading) this.#model.markRead();
        this.#composer.focus();
    }

    /** Up and down go from message to message; right goes to what can be done with it. */
    #keys(event) {
        const message = document.activeElement.closest('.item.message');
        const nodes = [...this.#log.querySelectorAll('.item.message')];
        const focus = (node) => {
            if (!node) return;
            for (const other of nodes) {
                other.tabIndex = -1;
                for (const button of other.querySelectorAll('.toolbar button')) button.tabIndex = -1;
            }
            node.tabIndex = 0;
            for (const button of node.querySelectorAll('.toolbar button')) button.tabIndex = 0;
            this.#window.reveal(node.dataset.key)?.focus({ preventScroll: true });
        };
        if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            event.preventDefault();
            if (!message) return focus(event.key === 'ArrowUp' ? nodes.at(-1) : undefined);
            const next = nodes[nodes.indexOf(message) + (event.key === 'ArrowUp' ? -1 : 1)];
            if (next) focus(next);
            else if (event.key === 'ArrowDown') this.#composer.focus();
        } else if (event.key === 'ArrowRight' && document.activeElement === message) {
            message.querySelector('.toolbar button')?.focus();
        } else if (event.key === 'Escape' && message) {
            if (document.activeElement === message) this.#composer.focus();
            else message.focus();
        } else if (event.key === 'End' && event.target === this.#log) {
            event.preventDefault();
            this.#toLatest();
        }
    }

    /** Tells screen readers of a message in the open conversation. */
    announce(message) {
        announce(`${message.senderName}: ${message.content.slice(0, 200)}`);
    }
}
