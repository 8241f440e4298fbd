/** The page for those who aren't logged in. */

import { element, icon } from './dom.js';

/**
 * @param {Element} root
 * @param {{notice?: string, isSuspended: boolean, logIn: (username: string, password: string) => Promise<void>,
 *     register: (username: string, password: string) => Promise<void>}} actions `notice` says why one is here
 */
export function showSignIn(root, { notice, isSuspended, logIn, register }) {
    const username = element('input', {
        id: 'username', name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true, maxLength: 32,
        'aria-describedby': 'sign-in-problem',
    });
    const password = element('input', {
        id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, maxLength: 128,
        'aria-describedby': 'password-hint sign-in-problem',
    });
    const problem = element('p', { id: 'sign-in-problem', class: 'problem', role: 'alert' });
    const submit = element('button', { type: 'submit', class: 'button primary' }, 'Log in');
    const create = element('button', { type: 'button', class: 'button', on: { click: () => attempt(register, create) } }, 'Create account');
    const form = element(
        'form',
        { class: 'card', noValidate: true, 'aria-label': 'Log in or create an account', on: { submit: (event) => {
            event.preventDefault();
            attempt(logIn, submit);
        } } },
        element('label', { htmlFor: 'username' }, 'Username'),
        username,
        element('label', { htmlFor: 'password' }, 'Password'),
        password,
        element('p', { id: 'password-hint', class: 'hint' }, 'New here? Choose a name and a password of at least 8 characters.'),
        problem,
        element('div', { class: 'sign-in-actions' }, submit, create),
    );

    async function attempt(action, button) {
        problem.textContent = '';
        const empty = [username, password].find((field) => field.value === '');
        if (empty) {
            problem.textContent = empty === username ? 'Enter a username.' : 'Enter a password.';
            return empty.focus();
        }
        submit.disabled = create.disabled = true;
        button.classList.add('busy');
        try {
            await action(username.value.trim(), password.value);
        } catch (error) {
            problem.textContent = error.message;
            (error.code === 'CONFLICT' ? username : password).select();
        } finally {
            submit.disabled = create.disabled = false;
            button.classList.remove('busy');
            if (problem.textContent) (problem.textContent && document.activeElement === document.body ? password : document.activeElement).focus();
        }
    }

    root.replaceChildren(
        element(
            'main',
            { class: 'sign-in' },
            element('img', { src: '/icon.svg', alt: '', width: 56, height: 56 }),
            element('h1', {}, 'Switchboard'),
            element('p', { class: 'tagline' }, 'Talk to people and in channels.'),
            notice && element('div', { class: isSuspended ? 'notice danger' : 'notice', role: 'alert' }, icon('alert'), element('p', {}, notice)),
            form,
        ),
    );
    document.title = 'Switchboard';
    username.focus();
}
