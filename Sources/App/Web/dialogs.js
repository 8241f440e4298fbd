/** Questions that stand before everything else until they are answered. */

import { element, iconButton } from './dom.js';

/** Shows a modal dialog; it goes from the page when it is closed, and the focus goes back to where it was. */
export function openDialog(title, ...content) {
    const before = document.activeElement;
    const dialog = element(
        'dialog',
        { class: 'dialog', 'aria-labelledby': 'dialog-title', on: {
            close: () => {
                dialog.remove();
                if (before?.isConnected) before.focus();
            },
            click: (event) => {
                if (event.target === dialog) dialog.close();
            },
        } },
        element(
            'div',
            { class: 'dialog-body' },
            element('header', {}, element('h2', { id: 'dialog-title' }, title), iconButton('close', 'Close', () => dialog.close())),
            ...content,
        ),
    );
    document.body.prepend(dialog);
    dialog.showModal();
    return dialog;
}

/**
 * Asks before something is done.
 * @param {{title: string, text: string, button: string, field?: string, isDangerous?: boolean}} question `field` names a line to fill in
 * @returns {Promise<string | null>} what was filled in, or ''; null where the answer is no
 */
export function ask({ title, text, button, field, isDangerous = true }) {
    return new Promise((resolve) => {
        let answer = null;
        const input = field && element('input', { id: 'dialog-field', maxLength: 500, autocomplete: 'off' });
        const dialog = openDialog(
            title,
            element(
                'form',
                { on: { submit: (event) => {
                    event.preventDefault();
                    answer = input ? input.value.trim() : '';
                    dialog.close();
                } } },
                element('p', {}, text),
                field && element('label', { htmlFor: 'dialog-field' }, field),
                input,
                element(
                    'div',
                    { class: 'dialog-actions' },
                    element('button', { type: 'button', class: 'button', on: { click: () => dialog.close() } }, 'Cancel'),
                    element('button', { type: 'submit', class: isDangerous ? 'button danger' : 'button primary' }, button),
                ),
            ),
        );
        (input || dialog.querySelector('[type=submit]')).focus();
        dialog.addEventListener('close', () => resolve(answer));
    });
}

/** The channels there are, to join them or to make one. */
export async function browseChannels(model, { onOpen }) {
    const list = element('ul', { class: 'channel-choices' }, element('li', { class: 'hint' }, 'Loading…'));
    const problem = element('p', { class: 'problem', role: 'alert' });
    const name = element('input', {
        id: 'channel-name', maxLength: 64, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, placeholder: 'plans',
        'aria-describedby': 'channel-hint',
    });
    const attempt = async (action) => {
        problem.textContent = '';
        try {
            const conversation = await action();
            dialog.close();
            onOpen(conversation.conversationId);
        } catch (error) {
            problem.textContent = error.message;
        }
    };
    const dialog = openDialog(
        'Channels',
        list,
        element(
            'form',
            { class: 'new-channel', on: { submit: (event) => {
                event.preventDefault();
                const wanted = name.value.trim().toLowerCase().replace(/^#/, '').replace(/\s+/g, '-');
                if (!wanted) return name.focus();
                attempt(() => model.createChannel(wanted));
            } } },
            element('label', { htmlFor: 'channel-name' }, 'Channel name'),
            element('div', { class: 'field-row' }, name, element('button', { type: 'submit', class: 'button primary' }, 'Create channel')),
            element('p', { id: 'channel-hint', class: 'hint' }, 'Small letters, digits, dots, dashes and underscores. Everybody can join.'),
        ),
        problem,
    );
    name.focus();
    try {
        const channels = await model.channels();
        const rows = channels.map(({ channelId, title, members, online }) => {
            const isMember = model.conversations.has(channelId);
            const label = isMember ? 'Open' : 'Join';
            return element(
                'li',
                {},
                element('div', {}, element('strong', { dir: 'auto' }, title), element('span', { class: 'hint' }, `${members} members, ${online} online`)),
                element('button', {
                    type: 'button', class: 'button', 'aria-label': `${label} ${title}`,
                    on: { click: () => attempt(async () => (isMember ? model.conversations.get(channelId) : model.joinChannel(channelId, title))) },
                }, label),
            );
        });
        list.replaceChildren(...(rows.length > 0 ? rows : [element('li', { class: 'hint' }, 'There is no channel yet. Make the first one.')]));
    } catch (error) {
        list.replaceChildren();
        problem.textContent = error.message;
    }
}
