/** One message as it is shown. */

import { avatar, element, fill, icon, iconButton } from './dom.js';
import { clock, dateTime, dayName } from './format.js';

const GROUPED_WITHIN_MS = 5 * 60_000;
const QUICK = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];
const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/gu;

/**
 * What the list shows, made of messages and of what is unsent.
 * @returns {any[]} items with a `key`, and a `signature` that changes whenever they look different
 */
export function itemsOf(conversation, unsent, { user, readSeq, firstUnread }) {
    const items = [];
    if (conversation.isLoaded && !conversation.hasOlder) items.push({ key: 'start', kind: 'start', conversation, signature: 'start' });
    else if (conversation.problem) items.push({ key: 'problem', kind: 'problem', text: conversation.problem, signature: conversation.problem });
    else items.push({ key: 'loading', kind: 'loading', signature: 'loading' });
    let previous = null;
    const pending = unsent.map((entry) => ({
        seq: Infinity, senderId: user.userId, senderName: user.username, content: entry.content, createdAt: entry.createdAt,
        clientMessageId: entry.clientMessageId, entry,
    }));
    for (const message of [...conversation.messages, ...pending]) {
        const isOwn = message.senderId === user.userId;
        const isNewDay = !previous || new Date(previous.createdAt).toDateString() !== new Date(message.createdAt).toDateString();
        const isFirstUnread = message.seq === firstUnread;
        const isGrouped = !isNewDay && !isFirstUnread && previous.senderId === message.senderId
            && new Date(message.createdAt) - new Date(previous.createdAt) < GROUPED_WITHIN_MS;
        const day = isNewDay ? dayName(message.createdAt) : '';
        const state = message.entry ? message.entry.state : isOwn ? (message.seq <= readSeq ? 'read' : 'sent') : '';
        items.push({
            key: isOwn && message.clientMessageId ? `own-${message.clientMessageId}` : message.messageId,
            kind: 'message', message, isOwn, day, isGrouped, isFirstUnread, state, isDirect: conversation.kind === 'dm',
            signature: [message.messageId, message.rev, state, day, isGrouped, isFirstUnread, message.entry?.error?.code].join(),
        });
        previous = message;
    }
    return items;
}

/** @param {any} actions what the user can do: `react`, `edit`, `remove`, `retry`, `discard`, `reload`, `nameOf`, `user` */
export function makeItem(item) {
    return element('div', { class: `item ${item.kind}` });
}

export function updateItem(node, item, actions) {
    if (node.dataset.signature === item.signature) return;
    const hadFocus = node.contains(document.activeElement);
    node.dataset.signature = item.signature;
    node.dataset.key = item.key;
    if (item.kind === 'message') fillMessage(node, item, actions);
    else fillNote(node, item, actions);
    if (hadFocus) node.focus();
}

function fillNote(node, item, actions) {
    if (item.kind === 'loading') return node.replaceChildren(element('span', { class: 'spinner', 'aria-hidden': 'true' }), 'Loading messages…');
    if (item.kind === 'problem') {
        return node.replaceChildren(
            element('p', {}, item.text),
            element('button', { type: 'button', class: 'button', on: { click: actions.reload } }, 'Try again'),
        );
    }
    const { kind, title } = item.conversation;
    node.replaceChildren(
        element('p', {}, kind === 'dm' ? 'This is the beginning of your conversation with ' : 'This is the beginning of ', element('strong', { dir: 'auto' }, title), '.'),
    );
}

function fillMessage(node, item, actions) {
    const { message, isOwn, state } = item;
    node.className = ['item', 'message', isOwn ? 'own' : 'theirs', item.isGrouped && 'grouped', state === 'failed' && 'failed', item.isDirect && 'direct']
        .filter(Boolean)
        .join(' ');
    node.tabIndex = node.tabIndex >= 0 ? 0 : -1;
    node.setAttribute('role', 'article');
    node.setAttribute('aria-label', `${isOwn ? 'You' : message.senderName}, ${dateTime(message.createdAt)}`);
    const isDeleted = Boolean(message.deletedAt);
    const isHere = !message.entry;
    const content = element('p', { class: isDeleted ? 'message-text deleted' : 'message-text', dir: 'auto' });
    if (isDeleted) content.textContent = 'This message was deleted.';
    else content.append(...linked(message.content));
    const parts = [];
    if (item.day) parts.push(element('div', { class: 'day' }, element('span', {}, item.day)));
    if (item.isFirstUnread) parts.push(element('div', { class: 'new-line' }, element('span', {}, 'New')));
    parts.push(
        element(
            'div',
            { class: 'row' },
            !isOwn && !item.isDirect && (item.isGrouped ? element('span', { class: 'avatar-space' }) : avatar(message.senderName, message.senderId)),
            element(
                'div',
                { class: 'column' },
                !isOwn && !item.isDirect && !item.isGrouped && element('span', { class: 'author', dir: 'auto' }, message.senderName),
                element('div', { class: 'line' }, element('div', { class: 'bubble' }, content, meta(item)), isHere && !isDeleted && toolbar(item, actions)),
                isHere && reactions(item, actions),
                state === 'failed' && failure(item, actions),
            ),
        ),
    );
    fill(node, ...parts);
}

/** The text with its web addresses as links; each part is a text node. */
function linked(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(ADDRESS)) {
        parts.push(text.slice(end, match.index));
        parts.push(element('a', { href: match[0], target: '_blank', rel: 'noopener noreferrer' }, match[0]));
        end = match.index + match[0].length;
    }
    return [...parts, text.slice(end)].filter((part) => part !== '');
}

const stateWords = { queued: 'Waiting to be sent', sending: 'Sending', sent: 'Sent', read: 'Read', failed: 'Not sent' };
const stateIcons = { queued: 'clock', sending: 'clock', sent: 'check', read: 'checks', failed: 'alert' };

function meta({ message, state }) {
    return element(
        'span',
        { class: 'meta' },
        message.editedAt && !message.deletedAt && element('span', {}, 'edited'),
        element('time', { dateTime: message.createdAt, title: dateTime(message.createdAt) }, clock(message.createdAt)),
        state && element('span', { class: `state ${state}`, title: stateWords[state] }, icon(stateIcons[state]), element('span', { class: 'visually-hidden' }, stateWords[state])),
    );
}

function toolbar({ message, isOwn }, actions) {
    return element(
        'div',
        { class: 'toolbar' },
        iconButton('smile', 'React', (event) => openPicker(event.currentTarget, message, actions), { tabIndex: -1, 'aria-haspopup': 'true' }),
        isOwn && iconButton('edit', 'Edit', () => actions.edit(message), { tabIndex: -1 }),
        isOwn && iconButton('delete', 'Delete', () => actions.remove(message), { tabIndex: -1 }),
    );
}

function reactions({ message }, actions) {
    const all = Object.entries(message.reactions ?? {});
    if (all.length === 0 || message.deletedAt) return null;
    return element(
        'div',
        { class: 'reactions' },
        ...all.map(([emoji, userIds]) => {
            const isMine = userIds.includes(actions.user.userId);
            const names = userIds.map((id) => (id === actions.user.userId ? 'You' : actions.nameOf(id))).join(', ');
            return element(
                'button',
                {
                    type: 'button', class: 'reaction', 'aria-pressed': String(isMine), title: names,
                    'aria-label': `${emoji} ${userIds.length}, ${names}`, on: { click: () => actions.react(message, emoji, !isMine) },
                },
                element('span', { 'aria-hidden': 'true' }, emoji),
                element('span', { 'aria-hidden': 'true' }, String(userIds.length)),
            );
        }),
    );
}

function failure({ message }, actions) {
    return element(
        'div',
        { class: 'failure' },
        element('span', {}, `Not sent: ${message.entry.error?.message ?? 'the server refused it.'}`),
        element('button', { type: 'button', class: 'link', on: { click: () => actions.retry(message.clientMessageId) } }, 'Try again'),
        element('button', { type: 'button', class: 'link', on: { click: () => actions.discard(message.clientMessageId) } }, 'Discard'),
    );
}

/** A small row of emoji beside a button; Escape, or a choice, brings the focus back. */
function openPicker(button, message, actions) {
    document.querySelector('.picker')?.remove();
    const close = () => {
        picker.remove();
        document.removeEventListener('pointerdown', outside, true);
        if (button.isConnected) button.focus();
    };
    const outside = (event) => {
        if (!picker.contains(event.target)) close();
    };
    const picker = element(
        'div',
        { class: 'picker', role: 'menu', 'aria-label': 'Reactions', on: { keydown: (event) => {
            const choices = [...picker.children];
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (event.key === 'Escape') close();
            else if (event.key === 'Tab') close();
            else if (step) choices[(choices.indexOf(document.activeElement) + step + choices.length) % choices.length].focus();
            else return;
            event.stopPropagation();
            event.preventDefault();
        } } },
        ...QUICK.map((emoji) =>
            element('button', { type: 'button', role: 'menuitem', 'aria-label': `React with ${emoji}`, on: { click: () => {
                const isMine = message.reactions?.[emoji]?.includes(actions.user.userId);
                close();
                actions.react(message, emoji, !isMine);
            } } }, emoji),
        ),
    );
    const box = button.getBoundingClientRect();
    document.body.append(picker);
    const width = picker.offsetWidth;
    picker.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, box.left + box.width / 2 - width / 2))}px`;
    picker.style.top = `${box.top > 60 ? box.top - picker.offsetHeight - 6 : box.bottom + 6}px`;
    picker.firstElementChild.focus();
    document.addEventListener('pointerdown', outside, true);
}
