/** Questions that stand before everything else until they are answered. */

import { ChannelChoices } from './channel-choices.js';
import { element, fill, iconButton } from './dom.js';

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
    const problem = element('p', { class: 'problem', role: 'alert' });
    const choices = new ChannelChoices(model, {
        choose: (channelId, title) => attempt(() => enter(channelId, title)),
        failed: (error) => fill(problem, error.message),
    });
    const name = element('input', {
        id: 'channel-name', maxLength: 64, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, placeholder: 'plans',
        'aria-describedby': 'channel-hint',
    });
    const attempt = async (action) => {
        fill(problem);
        try {
            await action();
        } catch (error) {
            fill(problem, error.message);
        }
    };
    const enter = async (channelId, title) => {
        const conversation = model.conversations.get(channelId) ?? (await model.joinChannel(channelId, title));
        dialog.close();
        onOpen(conversation.conversationId);
    };
    // It is there, and one isn't in it.
    const offer = (wanted, text) => {
        const label = model.conversations.has(`ch:${wanted}`) ? 'Open' : 'Join';
        const join = () => attempt(() => enter(`ch:${wanted}`, choices.titleOf(`ch:${wanted}`) ?? wanted));
        fill(problem, `${text} `, element('button', { type: 'button', class: 'link', on: { click: join } }, `${label} ${wanted}`));
        choices.load();
    };
    const create = async (wanted) => {
        try {
            await model.createChannel(wanted);
        } catch (error) {
            if (error.code !== 'CONFLICT') throw error;
            return offer(wanted, error.message);
        }
        try {
            await enter(`ch:${wanted}`, wanted);
        } catch (error) {
            offer(wanted, `The channel is made, but you haven’t joined it: ${error.message}`);
        }
    };
    const dialog = openDialog(
        'Channels',
        choices.element,
        element(
            'form',
            { class: 'new-channel', on: { submit: (event) => {
                event.preventDefault();
                const wanted = name.value.trim().toLowerCase().replace(/^#/, '').replace(/\s+/g, '-');
                if (!wanted) return name.focus();
                attempt(() => create(wanted));
            } } },
            element('label', { htmlFor: 'channel-name' }, 'Channel name'),
            element('div', { class: 'field-row' }, name, element('button', { type: 'submit', class: 'button primary' }, 'Create channel')),
            element('p', { id: 'channel-hint', class: 'hint' }, 'Small letters, digits, dots, dashes and underscores. Everybody can join.'),
        ),
        problem,
    );
    name.focus();
    await choices.load();
}
